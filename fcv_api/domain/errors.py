"""Why an encounter cannot be scored: facts, with their data. `web/problems.py` gives each code its status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

LONGEST_NAME = 32
"""Characters of a sign's name that a refusal shows: longer ones are no export's."""


class Unscorable(Exception):
    """Base of all facts that keep an encounter from being scored. `str()` is one plain sentence."""

    code: ClassVar[str]
    """Of the problem that it is answered and recorded as."""
    encounters: tuple[int, ...] = ()
    """Whom it refuses, where it knows."""


@dataclass(eq=False)
class SeveralEncounters(Unscorable):
    """Rows of more than one encounter, where one was asked for: nobody could say whose the answer is."""

    code = "several-encounters"

    encounters: tuple[int, ...]

    def __str__(self) -> str:
        count = len(self.encounters)
        return f"The rows are of {count} encounters, and this reads one. Send them to POST /predict/batch."


@dataclass(eq=False)
class TooManyEncounters(Unscorable):
    """Rows of more encounters than one request may have. It names none of them: none is recorded."""

    code = "too-many-encounters"

    have: int
    most: int

    def __str__(self) -> str:
        return f"The rows are of {self.have} encounters, and one request may hold {self.most}. Send several batches."


@dataclass(eq=False)
class TableTooLarge(Unscorable):
    """A table of more rows or columns than are read. what: "rows" or "columns". have: None where nobody counted."""

    code = "table-too-large"

    what: str
    have: int | None
    most: int

    def __str__(self) -> str:
        came = f"More than {self.most}" if self.have is None else str(self.have)
        return f"{came} {self.what} came, and one table may have {self.most}. Send it in parts."


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


class IdentityConflict(Unscorable):
    """Two stays in one bed, or one stay in two beds, within one slot: nobody could say whose the values are."""

    code = "identity-conflict"

    def __str__(self) -> str:
        return "Two stays were observed in one bed, or one stay in two beds, within one slot."


@dataclass(eq=False)
class Silent(Unscorable):
    """A stay without a moving sign for ten minutes. since: when one was measured last."""

    code = "silent"

    since: datetime | None

    def __str__(self) -> str:
        return f"No moving sign was measured since {self.since or 'the stay began'}."


class NoModel(Unscorable):
    """There is no model that could be trusted with an answer. The message says why."""

    code = "no-model"


class UnusableExport(Exception):
    """A table of many encounters, or of their labels, cannot be read. The message is one sentence that says why."""
