"""The units of an export, and values brought to their signs' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.bad_cells import BadCells, InvalidRows, UnitMissing, WrongUnit
from fcv_api.domain.units import Kind, Unit
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.wire.cells import Reason, unit
from fcv_api.wire.table import Distinct, Positions, Table, WrongCells

SAME = 1.0, 0.0
"""Factor and zero of a unit whose values are the sign's own."""
KINDS = list(Kind)
KIND_OF_SIGN = np.array([KINDS.index(sign.unit.kind) for sign in SIGNS])
TEMPERATURE = INDEX_BY_NAME["MDC_TEMP"]
HOTTEST = SIGNS[TEMPERATURE].limits.hard[1]
NO_UNIT = f"a temperature over {HOTTEST:g} needs its unit: °C and °F cannot be told apart"
NOT_KNOWN = "the unit '{}' is not known: send °C or °F, as Cel or [degF], or as MDC_DIM_DEGC or MDC_DIM_FAHR"
LONGEST = 32
"""Characters of an unknown unit that are shown."""


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
