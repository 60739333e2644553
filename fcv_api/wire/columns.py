"""The columns that are read all at once: when each row was measured, as an instant in UTC, and in what unit.

A unit's values are brought to their signs' own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.bad_cells import BadCells, InvalidRows, UnitMissing, WrongUnit
from fcv_api.domain.instants import EPOCH
from fcv_api.domain.units import Kind, Unit
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.wire.cells import YEARS, Reason, parse_time, unit
from fcv_api.wire.table import Distinct, Positions, Table, WrongCells

Instants = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

# What an export writes.
PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", re.ASCII)
A_DAY = timedelta(days=1)
NO_TIME = np.datetime64("NaT", "us")
SAME = 1.0, 0.0
"""Factor and zero of a unit whose values are the sign's own."""
KINDS = list(Kind)
KIND_OF_SIGN = np.array([KINDS.index(sign.unit.kind) for sign in SIGNS])
TEMPERATURE = INDEX_BY_NAME["MDC_TEMP"]
HOTTEST = SIGNS[TEMPERATURE].limits.hard[1]
NO_UNIT = f"a temperature over {HOTTEST:g} needs its unit: °C and °F cannot be distinguished"
NOT_KNOWN = "the unit '{}' is not known: send °C or °F, as Cel or [degF], or as MDC_DIM_DEGC or MDC_DIM_FAHR"
LONGEST = 32
"""Characters of an unknown unit that are shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """instants: (n,) datetime64[us] in UTC, by the rows of the column; NaT where the cell is no time.

    naive: (n,), they said no offset. ambiguous: (n,), clocks showed them twice or never; the first instant is given.
    """

    instants: Instants
    naive: Mask
    ambiguous: Mask


def read_times(column: Distinct[Any], zone: tzinfo) -> Times:
    """Read a column of times. zone: the wall clock of times without an offset."""
    read = _read_plain(column.values, zone) or _read_each(column.values, zone)
    return Times(read.instants[column.at], read.naive[column.at], read.ambiguous[column.at])


def ambiguous_reason(zone: tzinfo) -> Reason:
    """Return why a time may be two instants, or none."""
    return Reason(f"was shown twice or never by clocks in {zone}; send times with their offset")


def _read_plain(texts: list[Any], zone: tzinfo) -> Times | None:
    """Read what nearly every request holds, all at once. None where a text has to be looked at by itself."""
    if not ({str}.issuperset(map(type, texts)) and all(map(PLAIN_TIME.fullmatch, texts))):
        return None
    try:
        instants = in_utc(np.array(texts, dtype="datetime64[us]"), zone)
    except ValueError:  # the 31st of February
        return None
    if instants is None:
        return None
    return Times(instants, np.ones(len(texts), dtype=np.bool_), np.zeros(len(texts), dtype=np.bool_))


def in_utc(local: Instants, zone: tzinfo) -> Instants | None:
    """Read a zone's wall clock. None where its clocks are set near by, or a time is hardly a patient's."""
    days = local.astype("datetime64[D]")
    if not len(days) or days.min() == days.max():
        days, at = days[:1], np.zeros(len(days), dtype=np.intp)
    else:
        days, at = np.unique(days, return_inverse=True)
    offsets = [_offset(day, zone) for day in days.tolist()]
    if None in offsets:
        return None
    instants: Instants = local - np.array(offsets, dtype="timedelta64[us]")[at]
    return instants


def _offset(day: Any, zone: tzinfo) -> timedelta | None:  # noqa: ANN401 - NumPy's dates are not typed
    """Return a zone's offset on a day. None where its clocks are set then or a day before or after."""
    if day.year not in YEARS:
        return None
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock
    before, after = (zone.utcoffset(midnight + days * A_DAY) for days in (-1, 2))
    return before if before == after else None


def _read_each(cells: list[Any], zone: tzinfo) -> Times:
    """Read each cell by itself."""
    times = [parse_time(cell) if isinstance(cell, str) else None for cell in cells]
    naive = np.array([time is not None and time.tzinfo is None for time in times], dtype=np.bool_)
    ambiguous = [
        bool(time and is_naive and is_unclear(time, zone)) for time, is_naive in zip(times, naive, strict=True)
    ]
    instants = [NO_TIME if time is None else np.datetime64(utc_microseconds(time, zone), "us") for time in times]
    return Times(np.array(instants, dtype="datetime64[us]"), naive, np.array(ambiguous, dtype=np.bool_))


def is_unclear(time: datetime, zone: tzinfo) -> bool:
    """Return whether a wall clock showed this time twice, or left it out."""
    first, second = (time.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return first.utcoffset() != second.utcoffset()


def utc_microseconds(time: datetime, zone: tzinfo) -> int:
    since = (time if time.tzinfo else time.replace(tzinfo=zone)) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@dataclass(frozen=True, slots=True, eq=False)
class UnitColumn:
    """The unit of each row that is read. at: (n,), its row in the table.

    units: each distinct one: a unit, the text of an unknown one, None where nothing is said, or why a cell is wrong.
    which: (n,), of the units. names: of how many of the units the cell stands in `unidad`; the rest are `idUnidad`'s.
    """

    at: Positions
    units: list[Unit | str | Reason | None]
    which: NDArray[np.intp]
    names: int

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Whether each row has a unit that nobody knows here, (n,)."""
        found = [isinstance(each, str) and not isinstance(each, Reason) for each in self.units]
        return np.array(found, dtype=np.bool_)[self.which]

    def check(self, signs: NDArray[np.intp], values: NDArray[np.float64]) -> Iterator[WrongCells]:
        """Find what is no unit, a unit of another kind than its sign, and a temperature that may be Fahrenheit."""
        kinds = [KINDS.index(each.kind) if isinstance(each, Unit) else -1 for each in self.units]
        kind = np.array(kinds, dtype=np.intp)[self.which]
        wrong = np.array([isinstance(each, Reason) for each in self.units], dtype=np.bool_)[self.which]
        yield from self._found(InvalidRows, wrong, signs, _as_said)
        other = (kind >= 0) & (kind != KIND_OF_SIGN[signs])
        yield from self._found(WrongUnit, other, signs, _other_kind)
        hot = (signs == TEMPERATURE) & (values > HOTTEST) & (kind < 0)
        yield from self._found(UnitMissing, hot, signs, _not_known)

    def _found(
        self, fact: type[BadCells], wrong: NDArray[np.bool_], signs: NDArray[np.intp], reason: Callable[[Any, int], str]
    ) -> Iterator[WrongCells]:
        """Yield wrong cells by column. reason: of a unit and a sign, which is asked for once a pair."""
        if not wrong.any():
            return
        for column, here in (("unidad", self.which < self.names), ("idUnidad", self.which >= self.names)):
            rows = np.flatnonzero(wrong & here)
            if len(rows):
                pairs, which = np.unique(self.which[rows] * len(SIGNS) + signs[rows], return_inverse=True)
                of_each = [divmod(pair, len(SIGNS)) for pair in pairs.tolist()]
                reasons = [reason(self.units[unit], sign) for unit, sign in of_each]
                yield WrongCells(fact, column, self.at[rows], Distinct(reasons, which))


def _as_said(wrong: Reason, _sign: int) -> str:
    return str(wrong)


def _other_kind(sent: Unit, sign: int) -> str:
    return f"{sent.name} is {sent.kind.value}, and no unit of {SIGNS[sign].name}"


def _not_known(sent: Unit | str | None, _sign: int) -> str:
    return NOT_KNOWN.format(sent[:LONGEST]) if isinstance(sent, str) else NO_UNIT


def read_units(table: Table, at: Positions) -> UnitColumn:
    """Read each row's unit: `unidad`, or `idUnidad` where that names none of the table and the code is said."""
    names: Distinct[Unit | str | Reason | None] = table.distinct("unidad").take(at).map(unit)
    if "idUnidad" not in table.columns or all(isinstance(each, Unit) for each in names.values):
        return UnitColumn(at, names.values, names.at, len(names.values))
    codes: Distinct[Unit | str | Reason | None] = table.distinct("idUnidad").take(at).map(unit)
    no_name = np.array([not isinstance(each, Unit | Reason) for each in names.values], dtype=np.bool_)[names.at]
    said = np.array([each is not None for each in codes.values], dtype=np.bool_)[codes.at]
    which = np.where(no_name & said, len(names.values) + codes.at, names.at)
    return UnitColumn(at, [*names.values, *codes.values], which, len(names.values))


def in_own_units(column: UnitColumn, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values, (n,), in their signs' own units. One of an unknown unit is taken as it is."""
    for which, sent in enumerate(column.units):
        if isinstance(sent, Unit) and (sent.factor, sent.zero) != SAME:
            with np.errstate(over="ignore"):  # infinite is outside the hard limits
                values = np.where(column.which == which, (values - sent.zero) * sent.factor, values)
    return values
