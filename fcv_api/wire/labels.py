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
from fcv_api.wire.files import Table
from fcv_api.wire.table import Distinct
from fcv_api.wire.table_file import TableFile, open_table

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


def read_labels(path: Path, zone: tzinfo, form: FileForm = PLAIN) -> dict[int, ExportedLabel]:
    """Read what became of each encounter. Raises UnusableExport.

    A patient without `idPaciente` is the encounter's own. zone: the wall clock of times without an offset.
    """
    file = open_table(path, LABEL_COLUMNS, form)
    table = _labelled_once(file)
    rows, ids = (table[name].to_pylist() for name in ("row", "encounter"))
    cells = {name: cells_of(table[name], name, file.dialect) for name in file.names}
    states: list[Any] = [STATE_BY_NAME.get(str(cell).casefold(), NO_STATE) for cell in cells["State"]]
    onsets = _read_onsets(cells["onset"], states, zone)
    patients = [cell if isinstance(cell, str) else encounter_id(cell) for cell in cells.get("idPaciente", ids)]
    for name, column in (("State", states), ("onset", onsets), ("idPaciente", patients)):
        for row, found in zip(rows, column, strict=True):
            if isinstance(found, Reason):
                raise UnusableExport(f"{path}: {name}, row {row}: {found}.")
    people = [str(number if who is None else who) for number, who in zip(ids, patients, strict=True)]
    return dict(zip(ids, map(ExportedLabel, states, onsets, people), strict=True))


def _labelled_once(file: TableFile) -> Table:
    """Read all rows. Raises UnusableExport where there is none, or two of one encounter."""
    batches = list(file.batches())
    if not batches:
        raise UnusableExport(f"{file.path} has no rows.")
    table = pa.Table.from_batches(batches)
    counts = Counter(table["encounter"].to_pylist())
    if twice := sorted(number for number, count in counts.items() if count > 1):
        raise UnusableExport(f"{file.path} labels encounters more than once: {named(twice)}.")
    return table


def _read_onsets(cells: list[Any], states: list[Any], zone: tzinfo) -> list[Any]:
    """Read when each state began, in UTC: a time for each state but `NONE_OF_THESE`, or why it is wrong."""
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
    return found


def named(ids: list[int]) -> str:
    """Name the first of some encounters."""
    more = len(ids) - MOST_NAMED
    return ", ".join(map(str, ids[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")
