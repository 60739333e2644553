"""A ward's labels: what became of each encounter of its export."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import State
from fcv_api.wire.answer import INFERENCE_KEYS, STATE_NAMES
from fcv_api.wire.arrow_cells import cells_of
from fcv_api.wire.cells import Reason, encounter_id, time_reason
from fcv_api.wire.columns import ambiguous_reason, read_times
from fcv_api.wire.file_form import PLAIN, FileForm
from fcv_api.wire.table import Distinct
from fcv_api.wire.table_file import open_table

LABEL_COLUMNS = {"idAtencion": True, "State": True, "onset": True, "idPaciente": False}
STATE_BY_NAME = {
    name.casefold(): state for state in State for name in (state.value, STATE_NAMES[state], INFERENCE_KEYS[state])
}
NO_STATE = Reason(f"must be one of {', '.join(STATE_NAMES.values())}")
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class ExportedLabel:
    """What became of one encounter. onset: in UTC; None for `NONE_OF_THESE`. patient: the id of the stay's patient."""

    state: State
    onset: np.datetime64 | None
    patient: str


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One row of a file of labels. state, onset, patient: or why the cell is wrong. patient: None where none is named.

    naive: its onset says no offset. more: the cells of `MORE_COLUMNS` that the file has and that are not empty.
    """

    row: int
    encounter: int
    state: State | Reason
    onset: np.datetime64 | Reason | None
    patient: str | Reason | None
    naive: bool
    more: dict[str, Any]

    @property
    def wrong(self) -> list[tuple[str, Reason]]:
        """The wrong cells, each by its column."""
        cells = (("State", self.state), ("onset", self.onset), ("idPaciente", self.patient))
        return [(name, cell) for name, cell in cells if isinstance(cell, Reason)]


def read_labels(path: Path, zone: tzinfo, form: FileForm = PLAIN) -> dict[int, ExportedLabel]:
    """Read what became of each encounter. Raises UnusableExport.

    A patient without `idPaciente` is the encounter's own. zone: the wall clock of times without an offset.
    """
    rows = read_rows(path, zone, form)
    counts = Counter(each.encounter for each in rows)
    if twice := sorted(number for number, count in counts.items() if count > 1):
        raise UnusableExport(f"{path} labels encounters more than once: {named(twice)}.")
    refuse_wrong(path, rows)
    return {
        each.encounter: ExportedLabel(each.state, each.onset, str(each.patient or each.encounter))  # type: ignore[arg-type]
        for each in rows
    }


def refuse_wrong(path: Path, rows: list[LabelRow]) -> None:
    """Raise UnusableExport for the first wrong cell, by column and row."""
    for column in ("State", "onset", "idPaciente"):
        for each in rows:
            for name, reason in each.wrong:
                if name == column:
                    raise UnusableExport(f"{path}: {name}, row {each.row}: {reason}.")


def read_rows(path: Path, zone: tzinfo, form: FileForm = PLAIN, more: tuple[str, ...] = ()) -> list[LabelRow]:
    """Read a file of labels row by row, also those that are wrong. Raises UnusableExport where it is no such file.

    zone: the wall clock of times without an offset. more: other columns that are read where the file has them.
    """
    file = open_table(path, LABEL_COLUMNS | dict.fromkeys(more, False), form)
    batches = list(file.batches())
    if not batches:
        raise UnusableExport(f"{file.path} has no rows.")
    table = pa.Table.from_batches(batches)
    rows, ids = (table[name].to_pylist() for name in ("row", "encounter"))
    cells = {name: cells_of(table[name], name, file.dialect) for name in file.names}
    states: list[Any] = [STATE_BY_NAME.get(str(cell).casefold(), NO_STATE) for cell in cells["State"]]
    onsets, naive = _read_onsets(cells["onset"], states, zone)
    patients = [_patient(cell) for cell in cells.get("idPaciente", [None] * len(ids))]
    others = [{name: cells[name][at] for name in more if name in cells} for at in range(len(ids))]
    known = [{name: cell for name, cell in each.items() if cell is not None} for each in others]
    return list(map(LabelRow, rows, ids, states, onsets, patients, naive, known))


def _patient(cell: Any) -> str | Reason | None:  # noqa: ANN401
    if cell is None or isinstance(cell, str):
        return cell
    found = encounter_id(cell)
    return found if isinstance(found, Reason) or found is None else str(found)


def _read_onsets(cells: list[Any], states: list[Any], zone: tzinfo) -> tuple[list[Any], list[bool]]:
    """Read when each state began, in UTC: a time for each state but `NONE_OF_THESE`, or why it is wrong.

    Also returns which times say no offset.
    """
    times = read_times(Distinct.of(cells), zone)
    found: list[Any] = [None if cell is None else time for cell, time in zip(cells, times.instants, strict=True)]
    for at, (cell, state) in enumerate(zip(cells, states, strict=True)):
        if isinstance(state, State) and (cell is None) != (state is State.NONE_OF_THESE):
            must = "must be empty" if cell is not None else "must be a time"
            found[at] = Reason(f"{must} where State is {STATE_NAMES[state]}")
        elif cell is not None and np.isnat(found[at]):
            found[at] = time_reason(cell)
        elif times.ambiguous[at]:
            found[at] = ambiguous_reason(zone)
    naive = [bool(times.naive[at]) and cells[at] is not None for at in range(len(cells))]
    return found, naive


def named(ids: list[int]) -> str:
    """Name the first of some encounters."""
    more = len(ids) - MOST_NAMED
    return ", ".join(map(str, ids[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")
