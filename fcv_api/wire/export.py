"""A ward's export and its labels: long tables of many encounters, for training and evaluation.

Rows become encounters by `EncounterRows.read`, the very code that serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import BadCells, UnusableExport
from fcv_api.domain.prediction import State
from fcv_api.wire.answer import INFERENCE_KEYS, STATE_NAMES
from fcv_api.wire.columns import Cells
from fcv_api.wire.encounter import EncounterRows
from fcv_api.wire.encounter_id import NO_ID, encounter_id
from fcv_api.wire.tables import read_table
from fcv_api.wire.times import read_times

# By name, whether an export must have it. It may have more, as `sede`.
EXPORT_COLUMNS = {
    **dict.fromkeys(("idAtencion", "nomSigno", "valor", "fecRegistro"), True),
    **dict.fromkeys(("idSigno", "unidad", "idUnidad"), False),
}
LABEL_COLUMNS = {"idAtencion": True, "State": True, "onset": True, "idPaciente": False}
STATE_BY_NAME = {
    name.casefold(): state for state in State for name in (state.value, STATE_NAMES[state], INFERENCE_KEYS[state])
}
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class ExportedLabel:
    """What became of one encounter. onset: in UTC; None for `NONE_OF_THESE`. patient: the id of the stay's patient."""

    state: State
    onset: np.datetime64 | None
    patient: str


def read_cohort(export: Path, labels: Path, zone: tzinfo) -> tuple[list[Encounter], dict[int, ExportedLabel]]:
    """Read an export and its labels, each encounter with one. Raises UnusableExport.

    zone: the wall clock of times without an offset.
    """
    labelled = read_labels(labels, zone)
    encounters = read_export(export, zone)
    there = {encounter.id for encounter in encounters}
    if unknown := sorted(labelled.keys() - there):
        raise UnusableExport(f"{labels} labels encounters that {export} does not have: {_named(unknown)}.")
    if bare := sorted(there - labelled.keys()):
        raise UnusableExport(f"{labels} has no label for encounters of {export}: {_named(bare)}.")
    return encounters, labelled


def read_export(path: Path, zone: tzinfo, only: int | None = None) -> list[Encounter]:
    """Read the encounters of an export, by ascending id; their rows may lie anywhere. Raises UnusableExport.

    zone: the wall clock of times without an offset. only: the one encounter that is wanted.
    """
    table = read_table(path, EXPORT_COLUMNS)
    ids = _ids(table, path)  # (rows,)
    table.index = pd.RangeIndex(1, len(table) + 1)  # the keys that a refusal names: the file's rows, without its header
    order = np.argsort(ids, kind="stable")
    found, starts = np.unique(ids[order], return_index=True)
    table = table.take(order)  # each encounter's rows together: a slice costs nothing, picking rows does
    parts = zip(found.tolist(), starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True)
    wanted = [(number, table.iloc[first:end]) for number, first, end in parts if only in (None, number)]
    if not wanted:
        raise UnusableExport(f"{path} has no encounter {only}; it has {_named(found.tolist())}.")
    return [_encounter(number, rows, zone, path) for number, rows in wanted]


def _encounter(number: int, rows: pd.DataFrame, zone: tzinfo, path: Path) -> Encounter:
    keys = list(map(str, rows.index.tolist()))
    columns = {name: dict(zip(keys, _cells(rows[name]), strict=True)) for name in rows.columns if name != "idAtencion"}
    try:
        return EncounterRows(
            id=number,
            names=columns["nomSigno"],
            values=columns["valor"],
            times=columns["fecRegistro"],
            codes=columns.get("idSigno"),
            units=columns.get("unidad"),
            unit_codes=columns.get("idUnidad"),
        ).read(zone)
    except BadCells as error:
        raise UnusableExport(f"{path}, encounter {number}: {error}.") from None


def _cells(column: pd.Series[Any]) -> list[Any]:
    """Give a column's cells as JSON would hold them: numbers, texts and null."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        fine = bool((column.dt.microsecond > 0).any())
        column = column.dt.strftime("%Y-%m-%d %H:%M:%S" + ".%f" * fine + "%z")
    if column.name == "valor" and column.dtype.kind not in "iuf":
        numbers = pd.to_numeric(column, errors="coerce").astype(object)
        column = numbers.where(numbers.notna(), column)  # what is no number stays, for its refusal
    if not column.hasnans:
        return column.tolist()
    return column.astype(object).where(column.notna(), None).tolist()


def _ids(table: pd.DataFrame, path: Path) -> NDArray[np.int64]:
    """Read the encounters' ids, (rows,). Raises UnusableExport."""
    codes, distinct = pd.factorize(table["idAtencion"])
    numbers = [encounter_id(each) for each in np.asarray(distinct).tolist()]
    wrong = [at for at, number in enumerate(numbers) if number is None]
    bad = np.flatnonzero(np.isin(codes, [-1, *wrong]))
    if len(bad):
        raise UnusableExport(f"{path}: idAtencion, row {bad[0] + 1}: {NO_ID}.")
    return np.array(numbers, dtype=np.int64)[codes]


# Labels -------------------------------------------------------------------------------------------------------


def read_labels(path: Path, zone: tzinfo) -> dict[int, ExportedLabel]:
    """Read what became of each encounter. Raises UnusableExport.

    A patient without `idPaciente` is the encounter's own. zone: the wall clock of times without an offset.
    """
    table = read_table(path, LABEL_COLUMNS)
    ids = _ids(table, path).tolist()
    if len(set(ids)) < len(ids):
        twice = sorted({each for each in ids if ids.count(each) > 1})
        raise UnusableExport(f"{path} labels encounters more than once: {_named(twice)}.")
    states = [_state(cell, row, path) for row, cell in enumerate(_cells(table["State"]), start=1)]
    onsets = _onsets([cell or None for cell in _cells(table["onset"])], states, zone, path)
    patients = _cells(table["idPaciente"]) if "idPaciente" in table else [None] * len(ids)
    people = [str(number if who is None else who) for number, who in zip(ids, patients, strict=True)]
    return {each[0]: ExportedLabel(*each[1:]) for each in zip(ids, states, onsets, people, strict=True)}


def _state(cell: object, row: int, path: Path) -> State:
    state = STATE_BY_NAME.get(str(cell).strip().casefold())
    if state is None:
        raise UnusableExport(f"{path}: State, row {row}: must be one of {', '.join(STATE_NAMES.values())}.")
    return state


def _onsets(cells: list[Any], states: list[State], zone: tzinfo, path: Path) -> list[np.datetime64 | None]:
    """Read when each state began, in UTC: a time for each state but `NONE_OF_THESE`."""
    for row, (cell, state) in enumerate(zip(cells, states, strict=True), start=1):
        if (cell is None) != (state is State.NONE_OF_THESE):
            must = "must be empty" if cell is not None else "must be a time"
            raise UnusableExport(f"{path}: onset, row {row}: {must} where State is {STATE_NAMES[state]}.")
    rows = [str(row) for row, cell in enumerate(cells, start=1) if cell is not None]
    try:
        times = read_times(Cells("onset", rows, [cell for cell in cells if cell is not None]), zone)
    except BadCells as error:
        raise UnusableExport(f"{path}: {error}.") from None
    read = iter(times.instants)
    return [None if cell is None else next(read) for cell in cells]


def _named(ids: list[int]) -> str:
    """Name the first of some encounters."""
    more = len(ids) - MOST_NAMED
    return ", ".join(map(str, ids[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")
