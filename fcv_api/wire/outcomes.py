"""A hospital's outcomes: of each stay which state came, when it began, and what else is known of it.

A file of outcomes is one of labels. It may say more, name a stay twice, and take an outcome back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np

from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import State
from fcv_api.wire.answer import STATE_NAMES
from fcv_api.wire.cells import Reason, show
from fcv_api.wire.file_form import PLAIN, FileForm
from fcv_api.wire.labels import LabelRow, read_rows, refuse_wrong

MORE_COLUMNS = ("servicio", "cama", "edad", "sexo", "estado")
"""Unit, beds in their order and between semicolons, age in years, sex, and a status: D or W takes the outcome back."""
DELETED, STATUSES = ("D", "W"), ("F", "C", "D", "W")
AGES = ((40, "under 40"), (60, "40 to 59"), (75, "60 to 74"), (200, "75 and over"))
OLDEST = 130


@dataclass(frozen=True, slots=True)
class Outcome:
    """One state of one stay. onset: in UTC; None for `NONE_OF_THESE`. patient: None where the stay is its own."""

    encounter: int
    state: State
    onset: np.datetime64 | None
    patient: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class StayOutcome:
    """What became of one stay, by its first onset. several: it has more. unit, age, sex: or -. beds: in order."""

    state: State
    onset: np.datetime64 | None
    patient: str
    several: bool = False
    unit: str = "-"
    age: str = "-"
    sex: str = "-"
    beds: tuple[str, ...] = ()


def outcome_of(row: LabelRow) -> Outcome | list[tuple[str, Reason]]:
    """Return the outcome that a row states, or which of its cells are wrong and why."""
    status = str(row.more.get("estado", "F")).upper()
    unknown = [("estado", Reason(f"must be one of {', '.join(STATUSES)}, not {show(status)}"))]
    deleted = status in DELETED
    wrong = [each for each in row.wrong if not (deleted and each[0] == "onset")]
    wrong += [] if status in STATUSES else unknown
    if wrong or isinstance(row.state, Reason) or isinstance(row.patient, Reason):
        return wrong
    onset = None if isinstance(row.onset, Reason) else row.onset
    return Outcome(row.encounter, row.state, onset, row.patient, deleted)


def read_outcomes(path: Path, zone: tzinfo, form: FileForm = PLAIN) -> dict[int, StayOutcome]:
    """Read what became of each stay. Raises UnusableExport, naming the first wrong row.

    zone: the wall clock of times without an offset.
    """
    rows = read_rows(path, zone, form, MORE_COLUMNS)
    refuse_wrong(path, rows)
    by_stay: dict[int, list[LabelRow]] = {}
    for row in rows:
        if str(row.more.get("estado", "F")).upper() not in DELETED:
            by_stay.setdefault(row.encounter, []).append(row)
    return {number: _together(path, own) for number, own in by_stay.items()}


def first_outcome(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome of a stay that comes first. Whoever came to a state is ill when the next one comes."""
    return min(outcomes, key=lambda each: (each.onset is None, each.onset if each.onset is not None else 0))


def _together(path: Path, rows: list[LabelRow]) -> StayOutcome:
    found = [each for each in map(outcome_of, rows) if isinstance(each, Outcome)]
    states = {each.state for each in found}
    if State.NONE_OF_THESE in states and len(states) > 1:
        raise UnusableExport(
            f"{path}, row {rows[-1].row}: encounter {rows[0].encounter} has {STATE_NAMES[State.NONE_OF_THESE]} and "
            "another outcome. It can have one of both."
        )
    if len({each.patient for each in found}) > 1:
        raise UnusableExport(f"{path}, row {rows[-1].row}: encounter {rows[0].encounter} is of two patients.")
    first = first_outcome(found)
    more = {name: each for row in rows for name, each in more_of(row.more).items()}
    several = len({(each.state, each.onset) for each in found}) > 1
    return stay_outcome(first, several=several, more=more)


def stay_outcome(first: Outcome, *, several: bool, more: dict[str, str]) -> StayOutcome:
    """Return what became of a stay. more: as of `more_of`."""
    beds = tuple(bed for bed in (each.strip() for each in more.get("beds", "").split(";")) if bed)
    known = {name: more.get(name, "-") for name in ("unit", "age", "sex")}
    patient = first.patient or str(first.encounter)
    return StayOutcome(first.state, first.onset, patient, several=several, beds=beds, **known)


def more_of(cells: dict[str, Any]) -> dict[str, str]:
    """Return what else a row says of its stay, without what it does not say: an age as a band, a sex as a letter."""
    said = {
        "unit": str(cells.get("servicio", "-")),
        "beds": str(cells.get("cama", "-")),
        "age": _age(cells.get("edad")),
        "sex": str(cells.get("sexo", "-")).strip().upper()[:1],
    }
    return {name: value for name, value in said.items() if value not in ("", "-")}


def _age(cell: object) -> str:
    """Return the band of an age in years; - where it is none. A report never holds an age itself."""
    try:
        years = float(str(cell).replace(",", "."))
    except ValueError:
        return "-"
    return next(name for end, name in AGES if years < end) if 0 <= years <= OLDEST else "-"
