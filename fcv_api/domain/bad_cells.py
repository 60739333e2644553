"""Cells that are not what their column holds: facts that name each by column, row and reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Self

from fcv_api.domain.errors import Unscorable

MAX_CELLS = 20
"""How many cells one refusal names: enough to see the pattern, few enough to read."""
LONGEST_KEY = 64
"""Characters of a row's key that a refusal shows: a longer one is no export's."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in what was sent, and what is wrong with it. `row` is None where the whole column is meant."""

    column: str
    row: str | None
    reason: str

    @property
    def shown_row(self) -> str | None:
        """The row's key, cut where it is no key of an export's."""
        return self.row if self.row is None else self.row[:LONGEST_KEY]

    def __str__(self) -> str:
        where = self.column if self.row is None else f"{self.column}, row {self.shown_row!r}"
        return f"{where}: {self.reason}"


@dataclass(eq=False)
class BadCells(Unscorable):
    """Cells that are not what their column holds. `cells` names the first `MAX_CELLS` of `count`."""

    cells: tuple[Cell, ...]
    count: int

    @classmethod
    def of(cls, cells: Iterable[Cell], count: int) -> Self:
        """Return the fact for `count` wrong cells, of which it names the first."""
        return cls(tuple(islice(cells, MAX_CELLS)), count)

    def __str__(self) -> str:
        return f"{self.cells[0]}" + (f" (and {self.count - 1} more)" if self.count > 1 else "")


class InvalidBody(BadCells):
    """The body is not the object that was asked for: a field is missing, or of another type."""

    code = "invalid-body"


class InvalidQuery(BadCells):
    """A parameter after the question mark is unknown, or of another type."""

    code = "invalid-query"


class InvalidRows(BadCells):
    """A row of one of the nine signs lacks its name or time, or holds what is not a number or a time."""

    code = "invalid-rows"


class CodeNameConflict(BadCells):
    """A row whose code is one of the nine signs and whose name is another one of them."""

    code = "code-name-conflict"


class WrongUnit(BadCells):
    """A row's unit measures something else than its sign is, such as a temperature in kilograms."""

    code = "wrong-unit"


class UnitMissing(BadCells):
    """A temperature that may be Fahrenheit comes without a unit that says so."""

    code = "unit-missing"


class MixedTimeZones(BadCells):
    """Some times say their offset from UTC and others do not, so they cannot be put in order."""

    code = "mixed-time-zones"


class AmbiguousTime(BadCells):
    """A time without an offset in an hour that clocks show twice or leave out, so it names two instants or none."""

    code = "ambiguous-time"
