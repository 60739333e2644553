"""`/observations`' request: rows of many encounters, each by itself. A wrong row fails alone, and the others go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, ClassVar

import numpy as np
from marshmallow import post_load
from numpy.typing import NDArray

from fcv_api.domain.bad_cells import MAX_CELLS, Cell, InvalidRows
from fcv_api.domain.observations import Observation, Posted
from fcv_api.wire.batch import BatchRows, BatchSchema
from fcv_api.wire.cells import NO_ENCOUNTER, Reason, encounter_id, sign_index
from fcv_api.wire.encounter import ColumnField, vitals_of
from fcv_api.wire.encounters import EncounterIndex, by_owner, clock_faults, no_known_sign
from fcv_api.wire.measurements import read_measurements
from fcv_api.wire.observation_cells import bed, channel, name_of, status
from fcv_api.wire.observation_columns import ObservationColumns, as_measurements
from fcv_api.wire.table import Distinct, KeyedColumn, Positions, Table, WrongCells, keyed_column, table_of

MORE_COLUMNS = {"cama": bed, "canal": channel, "estado": status}
"""Columns that only this door reads, and what reads a cell of each."""


@dataclass(slots=True)
class Wrong:
    """What is wrong with the rows of one encounter, or of none. cells: the first of `count`."""

    cells: list[Cell] = field(default_factory=list)
    count: int = 0

    def add(self, cell: Cell) -> None:
        """Add a cell, or count it where there are many."""
        self.count += 1
        if len(self.cells) < MAX_CELLS:
            self.cells.append(cell)


@dataclass(frozen=True, slots=True)
class ReadObservations:
    """What a request holds. posted: of each encounter that it names, in the order in which they first appear.

    rows: each encounter's rows that can be read, by their keys. wrong: by encounter; under None of rows that name none.
    unnamed: the beds of those, each with a time in microseconds.
    """

    posted: Sequence[Posted]
    rows: Mapping[int, Sequence[str]]
    wrong: Mapping[int | None, Wrong]
    unnamed: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class ObservationRows(BatchRows):
    """Rows of observations, not read yet."""

    def observations(self, zone: tzinfo) -> ReadObservations:
        """Read each row, or say why not. zone: the wall clock of times without an offset."""
        return _Reading(self.table, self.ids, zone).read()


class ObservationsSchema(BatchSchema):
    """Observations of many encounters, by columns, as `DataFrame.to_dict()` writes them."""

    columns: ClassVar[tuple[str, ...]] = (*BatchSchema.columns, *MORE_COLUMNS)

    cama = ColumnField({"type": "string", "nullable": True}, "The bed that each was observed in.", allow_none=True)
    canal = ColumnField(
        {"type": "string", "nullable": True, "example": "1.1.2.1"}, "The monitor's channel; none by default.",
        allow_none=True,
    )  # fmt: skip
    estado = ColumnField(
        {"anyOf": [{"type": "string", "enum": [*"FCDW"]}, {"type": "string", "nullable": True, "enum": [None]}]},
        "F, the default, or C for a correction; D or W deletes the observation.",
        allow_none=True,
    )

    @post_load
    def _rows(self, data: dict[str, Any], **_kwargs: Any) -> ObservationRows:  # noqa: ANN401
        ids = data["idAtencion"]
        if not isinstance(ids, list | KeyedColumn):
            ids = keyed_column("idAtencion", ids)
        sent = Distinct.of(ids) if isinstance(ids, list) else ids.cells
        more = {name: cells for name in MORE_COLUMNS if (cells := data.get(name)) is not None}
        return ObservationRows(table_of(vitals_of(data) | more | {"idAtencion": ids}), sent)


class _Reading:
    """One table, as it is read."""

    def __init__(self, table: Table, ids: Distinct[Any], zone: tzinfo) -> None:
        self.names = table.distinct("nomSigno").map(name_of)
        self.more = {name: table.distinct(name).map(cell) for name, cell in MORE_COLUMNS.items()}
        self.table = as_measurements(table, self.more["estado"])
        self.measured = read_measurements(self.table, zone)
        owners = self.table.distinct("idAtencion").map(encounter_id)
        found = dict.fromkeys(each for each in map(encounter_id, ids.values) if isinstance(each, int))
        self.index = EncounterIndex(list(found), _places(owners, list(found)))
        self.owners = owners
        self.wrong: defaultdict[int | None, Wrong] = defaultdict(Wrong)

    def read(self) -> ReadObservations:
        """Read all rows."""
        bad = self._find_wrong()  # (rows,)
        own = self._observations(~bad[self.measured.at] & (self.index.owner[self.measured.at] >= 0))
        self._find_unknown()
        posted = [Posted(each, [said for _row, said in own[each]]) for each in self.index.encounters]
        keys = {each: [str(self.table.rows[row]) for row, _said in own[each]] for each in self.index.encounters}
        return ReadObservations(posted, keys, self.wrong, self._unnamed())

    def _find_wrong(self) -> NDArray[np.bool_]:
        """Note what is wrong, column by column, and return which rows have any of it."""
        bad = np.zeros(len(self.table), dtype=np.bool_)
        for each in (*self.measured.wrong, *clock_faults(self.measured, self.index), *self._own_faults()):
            bad[each.at] = True
            for row, reason in zip(each.at.tolist(), each.reasons.cells(), strict=True):
                self._note(row, each.column, reason)
        return bad

    def _find_unknown(self) -> None:
        """Note the encounters none of whose rows bears a name that is read."""
        owner = self.index.owner
        seen = np.zeros(len(self.index.encounters) + 1, dtype=np.bool_)
        seen[owner[self.measured.sign_of_row >= 0]] = True
        seen[-1] = True  # for the rows that name none, whose owner is -1
        for place, rows in () if seen.all() else by_owner(np.where(seen[owner], -1, owner)):
            if unknown := no_known_sign(self.measured, rows):
                self.wrong[self.index.encounters[place]].add(Cell("nomSigno", None, str(unknown)))

    def _own_faults(self) -> Iterator[WrongCells]:
        """Find what is wrong in the columns of this door, and the rows of the nine signs that name no encounter."""
        measured = np.zeros(len(self.table), dtype=np.bool_)
        measured[self.measured.at] = True
        for name, column in self.more.items():
            rows, reasons = column.wrong()
            if len(rows):
                yield WrongCells(InvalidRows, name, rows[measured[rows]], reasons.take(np.flatnonzero(measured[rows])))
        nameless = np.flatnonzero(self.index.owner < 0)
        if not len(nameless):
            return
        names = self.table.take("nomSigno", nameless)
        known = np.array([isinstance(each, Reason) or sign_index(each) != -1 for each in names], dtype=np.bool_)
        orphans = nameless[known]
        yield WrongCells(
            InvalidRows, "idAtencion", orphans, self.owners.take(orphans).map(lambda reason: reason or NO_ENCOUNTER)
        )

    def _note(self, row: int, column: str, reason: object) -> None:
        place = int(self.index.owner[row])
        encounter = None if place < 0 else self.index.encounters[place]
        self.wrong[encounter].add(Cell(column, str(self.table.rows[row]), str(reason)))

    def _observations(self, good: NDArray[np.bool_]) -> dict[int, list[tuple[int, Observation]]]:
        """Return the observations of each encounter, each with its row. good: which of the measurements are read."""
        found: dict[int, list[tuple[int, Observation]]] = {each: [] for each in self.index.encounters}
        columns = ObservationColumns.of(self.measured, self.names, self.more)
        for which in np.flatnonzero(good & ~columns.is_none()).tolist():
            row = int(self.measured.at[which])
            found[self.index.encounters[self.index.owner[row]]].append((row, columns.observation(which, row)))
        return found

    def _unnamed(self) -> list[tuple[str, int]]:
        """Return the beds of rows that leave out their encounter, each with a time in microseconds."""
        beds, found = self.more["cama"], []
        for row in self.measured.at[self.index.owner[self.measured.at] < 0].tolist():
            place, absent = beds.values[beds.at[row]], self.owners.values[self.owners.at[row]] is None
            instant = self.measured.times.instants[row]
            if absent and place and not isinstance(place, Reason) and not np.isnat(instant):
                found.append((str(place), int(instant.astype(np.int64))))
        return found


def _places(owners: Distinct[Any], encounters: Sequence[int]) -> Positions:
    """Return which of the encounters each row is of, (rows,); -1 for none."""
    place: dict[object, int] = {number_: at for at, number_ in enumerate(encounters)}
    return np.array([place.get(each, -1) for each in owners.values], dtype=np.intp)[owners.at]
