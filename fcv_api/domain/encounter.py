"""One patient's stay, as measured: what every wire format is read into, and its rows side by side by time."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.stored import Stored
from fcv_api.domain.vitals import SIGNS

LONGEST_SHOWN = 32
LOWEST, HIGHEST = np.array([sign.limits.hard for sign in SIGNS], dtype=np.float64).T
_MISSING = np.array([np.nan if sign.limits.missing is None else sign.limits.missing for sign in SIGNS])


@dataclass(frozen=True, slots=True)
class Implausible:
    """Values of one sign, by its index, that lay outside its hard limits and were dropped. instants: ascending."""

    sign: int
    instants: tuple[np.datetime64, ...]

    @property
    def count(self) -> int:
        """How many."""
        return len(self.instants)


@dataclass(frozen=True, slots=True)
class UnknownUnit:
    """A unit of one sign, by its index, that nobody knows here, and the instant of the first row that had it."""

    sign: int
    unit: str
    since: np.datetime64


@dataclass(frozen=True, slots=True, eq=False)
class Encounter:
    """Measurements of the nine signs in one encounter, in any order.

    id: the hospital's pseudonym of the stay.
    signs: (n,) index into `vitals.SIGNS`.
    values: (n,) in the sign's own unit; NaN where the row held no value.
    instants: (n,) datetime64[us] in UTC.
    zone: the wall clock that the sender wrote times without an offset by; None where it sent offsets.
    newest: the newest instant of any row that was sent, of those without a value and of other signs too.
    unknown: the units that nobody knows here.
    implausible: what `without_noise` dropped.
    stored: of the memory of beds, what else it knows.
    questionable: the sign, by its index, of each value that its monitor doubted.
    """

    id: int
    signs: NDArray[np.intp]
    values: NDArray[np.float64]
    instants: NDArray[np.datetime64]
    zone: tzinfo | None = None
    newest: np.datetime64 | None = None
    unknown: tuple[UnknownUnit, ...] = ()
    implausible: tuple[Implausible, ...] = ()
    stored: Stored | None = None
    questionable: tuple[int, ...] = ()

    @property
    def unknown_units(self) -> tuple[tuple[int, str], ...]:
        """Each sign, by its index, with all of its units that nobody knows here, in one order."""
        signs = sorted({each.sign for each in self.unknown})
        named = {sign: sorted(each.unit for each in self.unknown if each.sign == sign) for sign in signs}
        return tuple((sign, ", ".join(units)[:LONGEST_SHOWN]) for sign, units in named.items())

    def until(self, end: np.datetime64) -> Encounter:
        """Return what had been sent when the rows of `end`, an instant of the encounter, were the newest."""
        known = self.instants <= end
        implausible = [(each.sign, each.instants[: bisect_right(each.instants, end)]) for each in self.implausible]
        return replace(
            self,
            signs=self.signs[known],
            values=self.values[known],
            instants=self.instants[known],
            newest=None if self.newest is None else min(self.newest, end),
            unknown=tuple(each for each in self.unknown if each.since <= end),
            implausible=tuple(Implausible(sign, instants) for sign, instants in implausible if instants),
        )

    def in_order(self) -> Encounter:
        """Return the same with the rows that hold a value, by time."""
        present = np.flatnonzero(~np.isnan(self.values))
        return self.rows(present[np.argsort(self.instants[present], kind="stable")])

    def rows(self, chosen: NDArray[np.intp] | slice) -> Encounter:
        """Return the same with some of its rows."""
        return replace(self, signs=self.signs[chosen], values=self.values[chosen], instants=self.instants[chosen])

    def as_sent(self, instant: np.datetime64) -> datetime:
        """Return an instant as the sender wrote it: by its wall clock without an offset, or in UTC with one."""
        moment: datetime = instant.astype("datetime64[us]").item().replace(tzinfo=UTC)
        return moment if self.zone is None else moment.astimezone(self.zone).replace(tzinfo=None)

    def without_noise(self) -> Encounter:
        """Drop the values that are no measurements: they say that there is none, or lie outside the hard limits."""
        missing = self.values == _MISSING[self.signs]
        outside = (self.values < LOWEST[self.signs]) | (self.values > HIGHEST[self.signs])  # false for NaN
        implausible = outside & ~missing
        noise = missing | implausible
        if not noise.any():
            return self
        dropped = [
            Implausible(sign, tuple(np.sort(self.instants[implausible & (self.signs == sign)])))
            for sign in np.unique(self.signs[implausible]).tolist()
        ]
        return replace(self.rows(np.flatnonzero(~noise)), implausible=tuple(dropped))


def pivot(encounter: Encounter) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """One row per distinct instant with a measurement, one column per sign of `vitals.SIGNS`.

    Returns instants (t,), ascending, and values (t, 9): the mean where a sign has several, NaN where it has none.
    """
    present = ~np.isnan(encounter.values)
    microseconds, rows = np.unique(encounter.instants[present].view(np.int64), return_inverse=True)
    cells = rows * len(SIGNS) + encounter.signs[present]
    size = len(microseconds) * len(SIGNS)
    counts = np.bincount(cells, minlength=size)
    sums = np.bincount(cells, weights=encounter.values[present], minlength=size)
    means = np.full(size, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return microseconds.view(encounter.instants.dtype), means.reshape(-1, len(SIGNS))


def forward_fill(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Carry each column's last measurement down over its gaps. values: (t, k), oldest row first."""
    gaps = np.isnan(values)
    if not gaps.any():
        return values
    rows = np.arange(len(values))[:, np.newaxis]
    source = np.maximum.accumulate(np.where(gaps, 0, rows), axis=0)  # (t, k)
    return values[source, np.arange(values.shape[1])]


def backward_fill(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill each column's gap at the top from its first measurement. values: (t, k), oldest row first."""
    return forward_fill(values[::-1])[::-1]
