"""The cells of observations side by side: one row of a table becomes one observation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import HIGHEST, LOWEST
from fcv_api.domain.observations import IMPLAUSIBLE, UNKNOWN_UNIT, Key, Observation
from fcv_api.domain.units import Unit
from fcv_api.domain.vitals import SIGNS
from fcv_api.wire.cells import Reason, number
from fcv_api.wire.measurements import Measurements
from fcv_api.wire.observation_cells import DELETES, as_sign, unit_text
from fcv_api.wire.table import Distinct, Table

_MISSING = np.array([np.nan if sign.limits.missing is None else sign.limits.missing for sign in SIGNS])


@dataclass(frozen=True, slots=True, eq=False)
class ObservationColumns:
    """The cells of n measurements. at: (n,) microseconds in UTC. outside: (n,), beyond the hard limits.

    missing: (n,), words of the sign's own for no value. deletes: (n,), by its status, or as a correction without a
    value. names, more: by the rows of the table, as `observation_cells`.
    """

    measured: Measurements
    at: NDArray[np.int64]
    outside: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    deletes: NDArray[np.bool_]
    names: Distinct[str]
    more: Mapping[str, Distinct[Any]]

    @classmethod
    def of(cls, measured: Measurements, names: Distinct[str], more: Mapping[str, Distinct[Any]]) -> ObservationColumns:
        signs, values = measured.signs, measured.values
        missing = values == _MISSING[signs]
        outside = ((values < LOWEST[signs]) | (values > HIGHEST[signs])) & ~missing
        instants = measured.times.instants[measured.at].astype("datetime64[us]").astype(np.int64)
        cells = measured.table.take("valor", measured.at)
        deletes = missing | np.array([cell is PLACEHOLDER for cell in cells], dtype=np.bool_)
        return cls(measured, instants, outside, missing, deletes, names, more)

    def is_none(self) -> NDArray[np.bool_]:
        """Return which rows hold no value and change nothing: a null in words of the sign's own, such as height 0."""
        column = self.more["estado"]
        changes = np.array([each in DELETES for each in column.values], dtype=np.bool_)[column.at]
        return self.missing & ~changes[self.measured.at]

    def observation(self, which: int, row: int) -> Observation:
        """Return one measurement. row: its own, of the table."""
        status, place, way = (self._more(name, row) for name in ("estado", "cama", "canal"))
        sign = SIGNS[self.measured.signs[which]]
        name = self.names.values[self.names.at[row]] or sign.name
        key = Key(sign.code, int(self.at[which]), way, name)
        value = None if self.deletes[which] else float(self.measured.values[which])
        units = self.measured.units
        unit: Unit | str | Reason | None = units.units[units.which[which]]
        unknown = UNKNOWN_UNIT if self.measured.unknown_unit[which] else ""
        flags = " ".join(filter(None, (IMPLAUSIBLE if self.outside[which] else "", unknown)))
        return Observation(key, status, value, unit_text(unit), flags, place)

    def _more(self, name: str, row: int) -> str:
        column = self.more[name]
        return str(column.values[column.at[row]] or ("F" if name == "estado" else ""))


class _Placeholder(float):
    """Stands for the null of a row that deletes, which a reader of measurements would pass over."""


PLACEHOLDER = _Placeholder(0.0)


def as_measurements(table: Table, statuses: Distinct[Any]) -> Table:
    """Return a table of which each row that states something is a measurement by its name and value."""
    columns = dict(table.columns) | {"nomSigno": table.distinct("nomSigno").map(as_sign)}
    deletes = np.array([each in DELETES for each in statuses.values], dtype=np.bool_)[statuses.at]
    if deletes.any():
        cells = table.take("valor", np.arange(len(table)))
        pairs: Iterable[tuple[Any, bool]] = zip(cells, deletes.tolist(), strict=True)
        columns["valor"] = [
            PLACEHOLDER if is_deleting and number(cell) is None else cell for cell, is_deleting in pairs
        ]
    return replace(table, columns=columns)
