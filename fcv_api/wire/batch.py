"""`/predict/batch`'s request: rows of many encounters, each read as if it had come alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import numpy as np
from marshmallow import post_load
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import BadCells
from fcv_api.domain.prediction import Refusal
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.wire.byte_rows import ByteRows, parts_of
from fcv_api.wire.columns import Column, by_row, invalid_rows
from fcv_api.wire.encounter import EncounterRows, VitalsSchema, by_our_names
from fcv_api.wire.encounter_id import ID_SCHEMA, NO_ID, encounter_id
from fcv_api.wire.rows import Key, Rows, SharedRows, aligned, cells_of
from fcv_api.wire.times import Instants
from fcv_api.wire.vital_rows import VitalRows

Whose = Mapping[Key, int | None]
"""By row, the encounter that it is of; None for a row of no encounter and of none of the nine signs."""


@dataclass(frozen=True, slots=True)
class BatchRows:
    """Rows as they came. ids: the column `idAtencion`. columns: those of `VitalRows`, by their names there."""

    ids: Rows
    columns: Mapping[str, Rows]

    def read(self, zone: tzinfo) -> list[Encounter | Refusal]:
        """Read each encounter, or say why not, in the order in which they first appear in `idAtencion`.

        zone: the wall clock of times without an offset. Raises InvalidRows when nobody could say whose a row is.
        """
        if owners := self._by_runs():
            columns, parts = self.columns, owners.parts(self.columns)
        else:
            whose = self._whose()
            columns, owners = self._by_rows(whose)
            parts = _by_encounter(self.columns, whose)
        try:  # all at once, which is faster than one by one
            return _all_at_once(columns, owners, zone)
        except (BadCells, _Apart):
            return [_read(EncounterRows(id=number, **part), zone) for number, part in parts]

    def _by_runs(self) -> _Owners | None:
        """Read each id once for all rows in which it follows itself, as nearly every batch allows."""
        ids = self.ids
        if not (isinstance(ids, ByteRows) and all(aligned(ids, column) for column in self.columns.values())):
            return None
        cells, lengths = ids.runs()
        numbers = list(map(encounter_id, cells))
        return None if None in numbers else _Owners.of(numbers, lengths)

    def _by_rows(self, whose: Whose) -> tuple[Mapping[str, Rows], _Owners]:
        """Put the names into the order of the rows, with those of rows that have none."""
        names = self.columns["names"]
        if not aligned(whose, names):
            told = {row for column in self.columns.values() for row in column}  # of other rows nothing is said
            names = {**names, **{row: None for row in whose if row in told and row not in names}}
        return {**self.columns, "names": names}, _Owners.of([whose[row] for row in names], 1, _encounters(whose))

    def _whose(self) -> Whose:
        """Read the ids of all rows. Raises InvalidRows when nobody could say whose a row is."""
        ids = self.ids
        if not all(aligned(ids, column) for column in self.columns.values()):
            rows = dict.fromkeys(row for column in self.columns.values() for row in column)
            ids = {**ids, **{row: None for row in rows if row not in ids}}
        cells = cells_of(ids)
        if {int, str, float}.issuperset(map(type, cells)):
            known = {cell: encounter_id(cell) for cell in set(cells)}  # a few, in many rows
            numbers = [known[cell] for cell in cells]
        else:
            numbers = list(map(encounter_id, cells))
        whose = SharedRows(ids.rows if isinstance(ids, SharedRows) else list(ids), numbers)
        if None in numbers:
            self._check_nobodys([row for row, number in whose.items() if number is None], ids)
        return whose

    def _check_nobodys(self, rows: list[Key], ids: Rows) -> None:
        """Refuse rows of no encounter, unless no model reads them."""
        names = (self.columns["names"].get(row) for row in rows)
        read = [
            row for row, name in zip(rows, names, strict=True) if not isinstance(name, str) or name in INDEX_BY_NAME
        ]
        if read:
            reasons = ("this row has no encounter" if ids[row] is None else NO_ID for row in read)
            raise invalid_rows(("idAtencion", row, reason) for row, reason in zip(read, reasons, strict=True))


def _encounters(whose: Whose) -> dict[int, None]:
    """Give the distinct encounters, in the order in which they first appear."""
    return {number: None for number in dict.fromkeys(cells_of(whose)) if number is not None}


@dataclass(frozen=True, slots=True, eq=False)
class _Owners:
    """Whose each row is. encounters: in the order in which they appear. places: (rows,) among them, -1 for nobody's."""

    encounters: list[int]
    places: NDArray[np.intp]

    @classmethod
    def of(
        cls, numbers: list[int | None], lengths: NDArray[np.intp] | int, encounters: Iterable[int] | None = None
    ) -> _Owners:
        """numbers: of rows, each standing for as many as its length."""
        order = [each for each in dict.fromkeys(numbers if encounters is None else encounters) if each is not None]
        place = {number: at for at, number in enumerate(order)} | {None: -1}
        return cls(order, np.repeat(np.array([place[number] for number in numbers], dtype=np.intp), lengths))

    def parts(self, columns: Mapping[str, Rows]) -> Iterator[tuple[int, Mapping[str, Rows]]]:
        """Part columns that all have the same rows in the same order. An encounter's rows stay in theirs."""
        order = np.argsort(self.places, kind="stable")
        bounds = np.searchsorted(self.places[order], np.arange(len(self.encounters) + 1)).tolist()
        parted = {name: parts_of(column, order) for name, column in columns.items()}
        for number, first, end in zip(self.encounters, bounds, bounds[1:], strict=False):
            keys = object()
            yield number, {name: part(first, end, keys) for name, part in parted.items()}


class _Apart(Exception):
    """Encounters differ in something that is said once for all when they are read together."""


def _all_at_once(columns: Mapping[str, Rows], owners: _Owners, zone: tzinfo) -> list[Encounter | Refusal]:
    """Read all rows, and part them.

    An encounter's rows stay in their order, so that its sums are those of the same rows alone, to the last bit.
    Raises BadCells or _Apart where a row needs its encounter to be read by itself.
    """
    measured = VitalRows(**columns).measurements(zone)
    if measured.unknown or measured.every is None:
        raise _Apart  # whose they are is not known
    newest = _newest(measured.every, owners)
    own = owners.places[measured.at]
    if not (own[1:] >= own[:-1]).all():
        order = np.argsort(own, kind="stable")
        measured, own = measured.take(order, None), own[order]
    bounds = np.searchsorted(own, np.arange(len(newest) + 1)).tolist()
    each = zip(owners.encounters, bounds, bounds[1:], newest, strict=False)
    return [measured.take(slice(first, end), latest).of(number, zone) for number, first, end, latest in each]


def _newest(instants: Instants, owners: _Owners) -> Instants:
    """Give each encounter's newest instant, over all its rows. instants: (rows,)."""
    newest = np.full(len(owners.encounters) + 1, np.iinfo(np.int64).min)  # the last is for rows of nobody
    np.maximum.at(newest, owners.places, instants.view(np.int64))
    return newest[:-1].view("datetime64[us]")


def _by_encounter(columns: Mapping[str, Rows], whose: Whose) -> Iterator[tuple[int, Mapping[str, Rows]]]:
    """Part columns row by row, so that a bad cell refuses its own encounter only."""
    parts: dict[int, dict[str, dict[Key, Any]]] = {
        number: {name: {} for name in columns} for number in _encounters(whose)
    }
    for name, column in columns.items():
        for row, cell in column.items():
            number = whose[row]
            if number is not None:
                parts[number][name][row] = cell
    yield from parts.items()


def _read(rows: EncounterRows, zone: tzinfo) -> Encounter | Refusal:
    try:
        return rows.read(zone)
    except BadCells as reason:
        return Refusal(rows.id, reason)


class BatchSchema(VitalsSchema):
    """Vital signs of many encounters, by columns, as `DataFrame.to_dict()` writes them."""

    idAtencion = Column(ID_SCHEMA, "Whose each row is: a pseudonym.", required=True)  # noqa: N815

    @post_load
    def _rows(self, data: dict[str, Any], **_kwargs: Any) -> BatchRows:  # noqa: ANN401
        columns = by_row({name: cells for name, cells in data.items() if cells is not None})
        return BatchRows(ids=columns["idAtencion"], columns=by_our_names(columns))
