"""A ward's export and its labels: long tables of many encounters, for training and evaluation.

Both are read by the code that `fcv score` reads with, and rows become encounters by the code that serves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import Refusal, State
from fcv_api.wire.answer import INFERENCE_KEYS, STATE_NAMES
from fcv_api.wire.arrow_cells import cells_of, read_part
from fcv_api.wire.cells import Reason, encounter_id
from fcv_api.wire.file_form import PLAIN, FileForm
from fcv_api.wire.files import Table
from fcv_api.wire.partition import SortOptions, partition
from fcv_api.wire.table import Distinct
from fcv_api.wire.table_file import TableFile, open_table
from fcv_api.wire.times import ambiguous_reason, read_times, time_reason

SITE_COLUMNS = {"idAtencion": True, "nomSigno": False, "sede": False}
LABEL_COLUMNS = {"idAtencion": True, "State": True, "onset": True, "idPaciente": False}
STATE_BY_NAME = {
    name.casefold(): state for state in State for name in (state.value, STATE_NAMES[state], INFERENCE_KEYS[state])
}
NO_STATE = Reason(f"must be one of {', '.join(STATE_NAMES.values())}")
MOST_NAMED = 3
MEMORY, THREADS = "1GB", 2
"""For sorting: the encounters themselves are kept in memory."""


@dataclass(frozen=True, slots=True)
class ExportedLabel:
    """What became of one encounter. onset: in UTC; None for `NONE_OF_THESE`. patient: the id of the stay's patient."""

    state: State
    onset: np.datetime64 | None
    patient: str


@dataclass(frozen=True, slots=True, eq=False)
class ExportedCohort:
    """An export and its labels. encounters: those with a label. labels: those with an encounter.

    unlabelled, absent: the encounters without a label, and the labels without an encounter. sites: `sede` by encounter.
    """

    encounters: list[Encounter]
    labels: dict[int, ExportedLabel]
    unlabelled: list[int]
    absent: dict[int, ExportedLabel]
    sites: dict[int, str]


def read_cohort(export: Path, labels: Path, zone: tzinfo, form: FileForm = PLAIN) -> ExportedCohort:
    """Read an export and its labels. Raises UnusableExport where they share no encounter.

    zone: the wall clock of times without an offset. form: of both files.
    """
    labelled = read_labels(labels, zone, form)
    found = _read_encounters(open_table(export, form=form), zone, None)
    there = {encounter.id for encounter in found}
    if not there & labelled.keys():
        raise UnusableExport(
            f"{labels} labels none of the encounters of {export}: it labels {_named(sorted(labelled))}, and they are "
            f"{_named(sorted(there))}."
        )
    return ExportedCohort(
        encounters=[each for each in found if each.id in labelled],
        labels={number: label for number, label in labelled.items() if number in there},
        unlabelled=sorted(there - labelled.keys()),
        absent={number: label for number, label in sorted(labelled.items()) if number not in there},
        sites=read_sites(labels, form) or read_sites(export, form),
    )


def read_sites(path: Path, form: FileForm = PLAIN) -> dict[int, str]:
    """Return the first `sede` of each encounter of an export or its labels; nothing where it has no such column."""
    file = open_table(path, SITE_COLUMNS, form)
    if "sede" not in file.names:
        return {}
    sites: dict[int, str] = {}
    for batch in file.batches():
        pairs = pa.Table.from_batches([batch]).group_by(["encounter", "sede"], use_threads=False).aggregate([])
        for pair in pairs.to_pylist():
            if pair["sede"] is not None:
                sites.setdefault(pair["encounter"], " ".join(str(pair["sede"]).replace("|", "/").split()))
    return sites


def read_export(path: Path, zone: tzinfo, only: int | None = None) -> list[Encounter]:
    """Read the encounters of an export, by ascending id; their rows may lie anywhere. Raises UnusableExport.

    zone: the wall clock of times without an offset. only: the one encounter that is wanted.
    """
    return _read_encounters(open_table(path), zone, only)


def _read_encounters(file: TableFile, zone: tzinfo, only: int | None) -> list[Encounter]:
    path = file.path
    found: list[Encounter] = []
    seen: list[int] = []
    with TemporaryDirectory() as folder:  # for what does not fit into memory; its mode is 0700
        for part in partition(file, SortOptions(MEMORY, Path(folder), THREADS)):
            seen += pc.unique(part["encounter"]).to_pylist()
            own = part if only is None else part.filter(pc.field("encounter") == only)
            if len(own):
                found += (_usable(each, path) for each in read_part(own, file.dialect, zone))
    if not seen:
        raise UnusableExport(f"{path} has no rows.")
    if not found:
        raise UnusableExport(f"{path} has no encounter {only}; it has {_named(seen)}.")
    return found


def _usable(outcome: Encounter | Refusal, path: Path) -> Encounter:
    if isinstance(outcome, Refusal):
        raise UnusableExport(f"{path}, encounter {outcome.encounter}: {str(outcome.reason).rstrip('.')}.")
    return outcome


# Labels -------------------------------------------------------------------------------------------------------


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
        raise UnusableExport(f"{file.path} labels encounters more than once: {_named(twice)}.")
    return table


def _read_onsets(cells: list[Any], states: list[Any], zone: tzinfo) -> list[Any]:
    """Read when each state began, in UTC: a time for each state but `NONE_OF_THESE`, or why it is wrong."""
    times = read_times(Distinct.of(cells), zone)
    found: list[Any] = list(times.instants)
    for at, (cell, state) in enumerate(zip(cells, states, strict=True)):
        if isinstance(state, State) and (cell is None) != (state is State.NONE_OF_THESE):
            must = "must be empty" if cell is not None else "must be a time"
            found[at] = Reason(f"{must} where State is {STATE_NAMES[state]}")
        elif cell is None:
            found[at] = None
        elif np.isnat(found[at]):
            found[at] = time_reason(cell)
        elif times.ambiguous[at]:
            found[at] = ambiguous_reason(zone)
    return found


def _named(ids: list[int]) -> str:
    """Name the first of some encounters."""
    more = len(ids) - MOST_NAMED
    return ", ".join(map(str, ids[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")
