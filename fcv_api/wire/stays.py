"""Stays written as a ward's export and its labels: what `fcv simulate` leaves, and `read_cohort` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGNS
from fcv_api.wire.answer import STATE_NAMES
from fcv_api.wire.files import check_suffix, replaced
from fcv_api.wire.tables import write_table

CODES = np.array([sign.code for sign in SIGNS])
NAMES = np.array([sign.name for sign in SIGNS])
UNITS = np.array([sign.unit.name for sign in SIGNS])
A_BATCH = 200
"""Stays a frame: few writes, and little memory."""


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
    found: list[tuple[int, str, str | None]] = []
    with replaced(labels) as labels_part, replaced(export) as export_part:
        write_table(export_part, _frames(stays, found))
        write_table(labels_part, [pd.DataFrame(found, columns=["idAtencion", "State", "onset"])])
    return len(found)


def _frames(stays: Iterable[ExportedStay], labels: list[tuple[int, str, str | None]]) -> Iterator[pd.DataFrame]:
    """Give the rows of some stays at a time, and note their labels."""
    batch: list[pd.DataFrame] = []
    for stay in stays:
        labels.append((stay.id, STATE_NAMES[stay.state], None if stay.onset is None else _texts(stay.onset).item()))
        batch.append(_rows(stay))
        if len(batch) == A_BATCH:
            yield pd.concat(batch)
            batch = []
    if batch:
        yield pd.concat(batch)


def _rows(stay: ExportedStay) -> pd.DataFrame:
    """Give one stay's rows by time, one a measurement."""
    order = np.argsort(stay.instants, kind="stable")
    values = stay.values[order]  # noqa: PD011 - an array, (t, 9)
    rows, signs = np.nonzero(~np.isnan(values))
    return pd.DataFrame(
        {
            "idAtencion": stay.id,
            "idSigno": CODES[signs],
            "nomSigno": NAMES[signs],
            "valor": values[rows, signs],
            "unidad": UNITS[signs],
            "fecRegistro": _texts(stay.instants[order])[rows],
        }
    )


def _texts(instants: NDArray[np.datetime64] | np.datetime64) -> NDArray[np.str_]:
    """Write times as exports do: `YYYY-MM-DD HH:MM:SS`."""
    return np.char.replace(np.datetime_as_string(instants, unit="s"), "T", " ")
