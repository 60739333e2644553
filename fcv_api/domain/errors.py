"""Why an encounter cannot be scored: facts, with their data. `web/problems.py` gives each code its status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import ClassVar, Self

MAX_CELLS = 20
"""How many cells one refusal names: enough to see the pattern, few enough to read."""
LONGEST_KEY, LONGEST_NAME = 64, 32
"""Characters of a row's key and of a sign's name that a refusal shows: longer ones are no export's."""


class Unscorable(Exception):
    """Base of all facts that keep an encounter from being scored. `str()` is one plain sentence."""

    code: ClassVar[str]
    """Of the problem that it is answered and recorded as."""
    encounters: tuple[int, ...] = ()
    """Whom it refuses, where it knows."""


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


@dataclass(eq=False)
class SeveralEncounters(Unscorable):
    """Rows of more than one encounter, where one was asked for: nobody could say whose the answer is."""

    code = "several-encounters"

    encounters: tuple[int, ...]

    def __str__(self) -> str:
        count = len(self.encounters)
        return f"The rows are of {count} encounters, and this reads one. Send them to POST /predict/batch."


@dataclass
class NoKnownSign(Unscorable):
    """None of an encounter's rows bears a name that is read: another dictionary of names, or another table.

    names: the first distinct ones that were seen.
    """

    code = "no-known-sign"

    rows: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        named = ", ".join(name[:LONGEST_NAME] for name in self.names)
        return f"None of {self.rows} rows bears the name of one of the nine signs (first names seen: {named})."


@dataclass(eq=False)
class TooFewInstants(Unscorable):
    """Fewer distinct instants than the model reads. `ready_at` is when the last missing one is expected.

    slot_minutes: set where `have` counts filled slots of so many minutes, and not instants.
    """

    code = "too-few-instants"

    have: int
    need: int
    ready_at: datetime | None
    slot_minutes: float | None = None

    def __str__(self) -> str:
        ready = f"; expected to suffice at {self.ready_at}" if self.ready_at else ""
        if self.slot_minutes is None:
            return f"{self.have} distinct instants were sent and the model reads {self.need}{ready}."
        return (
            f"The rows are denser than the model's steps and fill {self.have} slots of {self.slot_minutes:g} minutes; "
            f"the model reads {self.need}{ready}."
        )


@dataclass(eq=False)
class WindowSpan(Unscorable):
    """The window is too short or too long for a model that was trained on one step between instants."""

    code = "window-span"

    first: datetime
    last: datetime
    minutes: float
    median_step: float
    shortest: float
    longest: float

    @property
    def too_dense(self) -> bool:
        """Whether the window is too short, and not too long."""
        return self.minutes < self.shortest

    def __str__(self) -> str:
        return (
            f"The window from {self.first} to {self.last} spans {self.minutes:.1f} minutes "
            f"(median step {self.median_step:.1f} minutes); the model reads "
            f"{self.shortest:g} to {self.longest:g} minutes."
        )


@dataclass(frozen=True, slots=True)
class MissingSign:
    """A moving sign without a measurement inside the window, and when it was last measured before it."""

    name: str
    last_measured: datetime | None

    def __str__(self) -> str:
        when = f"last measured at {self.last_measured}" if self.last_measured else "never measured"
        return f"{self.name} ({when})"


@dataclass(eq=False)
class MissingSigns(Unscorable):
    """Moving signs that were not measured at all inside the window."""

    code = "missing-signs"

    signs: tuple[MissingSign, ...]
    first: datetime
    last: datetime

    def __str__(self) -> str:
        named = ", ".join(str(sign) for sign in self.signs)
        return f"Not measured in the window from {self.first} to {self.last}: {named}."


@dataclass(eq=False)
class ModelOutput(Unscorable):
    """The model's answer is not four probabilities. It is never shown as a class."""

    code = "model-output"

    model: str

    def __str__(self) -> str:
        return f"Model {self.model} did not answer with four finite probabilities that sum to 1."


class NoModel(Unscorable):
    """There is no model that could be trusted with an answer. The message says why."""

    code = "no-model"


class UnusableExport(Exception):
    """A table of many encounters, or of their labels, cannot be read. The message is one sentence that says why."""
