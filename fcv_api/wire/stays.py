"""Stays written as a ward's export and its labels: what `fcv simulate` leaves, and `read_cohort` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGNS
from fcv_api.wire.answer import STATE_NAMES
from fcv_api.wire.files import Table, check_suffix, replaced, write_tables

CODES = np.array([sign.code for sign in SIGNS])
NAMES = np.array([sign.name for sign in SIGNS])
UNITS = np.array([sign.unit.name for sign in SIGNS])
EXPORT = pa.schema(
    {
        "idAtencion": pa.int64(),
        "idSigno": pa.int64(),
        "nomSigno": pa.string(),
        "valor": pa.float64(),
        "unidad": pa.string(),
        "fecRegistro": pa.string(),
    }
)
LABELS = pa.schema({"idAtencion": pa.int64(), "State": pa.string(), "onset": pa.string(), "sede": pa.string()})
SIMULATED = "simulated"
"""The site of every simulated stay, so that nobody takes one for a hospital's."""


class ExportedStay(Protocol):
    """One stay. instants: (t,), a wall clock. values: (t, 9) in the order of `vitals.SIGNS`, NaN where not exported."""

    @property
    def id(self) -> int: ...

    @property
    def state(self) -> State: ...

    @property
    def onset(self) -> np.datetime64 | None: ...

    @property
    def instants(self) -> NDArray[np.datetime64]: ...

    @property
    def values(self) -> NDArray[np.float64]: ...


def write_stays(export: Path, labels: Path, stays: Iterable[ExportedStay]) -> int:
    """Write stays and their labels, and count them. Raises UnusableExport; then neither file is touched."""
    check_suffix(export)
    check_suffix(labels)
    if export.resolve() == labels.resolve():
        raise UnusableExport(f"{export} cannot be both the export and its labels.")
    found: list[tuple[int, str, str | None, str]] = []

    def tables() -> Iterator[Table]:
        for stay in stays:
            onset = None if stay.onset is None else _texts(stay.onset).item()
            found.append((stay.id, STATE_NAMES[stay.state], onset, SIMULATED))
            yield _rows(stay)

    with replaced(labels) as labels_part, replaced(export) as export_part:
        write_tables(export_part, tables(), EXPORT)
        columns = [pa.array(column, kind) for column, kind in zip(zip(*found, strict=True), LABELS.types, strict=True)]
        write_tables(labels_part, [pa.table(columns, schema=LABELS)], LABELS)
    return len(found)


def _rows(stay: ExportedStay) -> Table:
    """Return one stay's rows by time, one a measurement."""
    order = np.argsort(stay.instants, kind="stable")
    values = stay.values[order]
    rows, signs = np.nonzero(~np.isnan(values))
    times = _texts(stay.instants[order])[rows]
    columns = (np.full(len(rows), stay.id), CODES[signs], NAMES[signs], values[rows, signs], UNITS[signs], times)
    return pa.table(list(map(pa.array, columns)), schema=EXPORT)


def _texts(instants: NDArray[np.datetime64] | np.datetime64) -> NDArray[np.str_]:
    """Write times as exports do: `YYYY-MM-DD HH:MM:SS`."""
    return np.char.replace(np.datetime_as_string(instants, unit="s"), "T", " ")
