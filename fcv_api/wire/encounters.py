"""Whose rows they are, and the rows of each encounter: read all at once, as if each encounter had come alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.bad_cells import AmbiguousTime, InvalidRows, MixedTimeZones
from fcv_api.domain.encounter import Encounter, UnknownUnit
from fcv_api.domain.errors import NoKnownSign, Unscorable
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.cells import NO_ENCOUNTER, encounter_id, sign_index, text_of
from fcv_api.wire.columns import ambiguous_reason
from fcv_api.wire.measurements import Measurements, read_measurements
from fcv_api.wire.table import Distinct, Positions, Table, WrongCells

SHOWN_NAMES = 3
MIXED = "says no offset from UTC, and other rows do"
OLDEST = np.iinfo(np.int64).min
"""NaT as a number: less than any time."""


@dataclass(frozen=True, slots=True, eq=False)
class EncounterIndex:
    """Whose each row of a table is.

    encounters: in the order in which they first appear. owner: (rows,), which of them; -1 for a row of none of the nine
    signs that names no encounter.
    """

    encounters: Sequence[int]
    owner: NDArray[np.intp]

    @classmethod
    def of_one(cls, encounter: int, rows: int) -> EncounterIndex:
        """Return the index of a table of one encounter's rows."""
        return cls([encounter], np.zeros(rows, dtype=np.intp))


def read_owners(table: Table, sent: Distinct[Any]) -> EncounterIndex:
    """Read `idAtencion` of all rows. Raises InvalidRows where nobody could say whose a row is.

    sent: the column as it was sent, in whose order the encounters come.
    """
    read = table.distinct("idAtencion").map(encounter_id)
    encounters = list(dict.fromkeys(each for each in map(encounter_id, sent.values) if isinstance(each, int)))
    place: dict[object, int] = {number: at for at, number in enumerate(encounters)}
    owner = np.array([place.get(each, -1) for each in read.values], dtype=np.intp)[read.at]
    if orphans := orphan_rows(table, np.flatnonzero(owner < 0)):
        rows = np.array(orphans)
        reasons = read.take(rows).map(lambda reason: reason or NO_ENCOUNTER)
        raise WrongCells(InvalidRows, "idAtencion", rows, reasons).refusal(table)
    return EncounterIndex(encounters, owner)


def orphan_rows(table: Table, at: Positions) -> list[int]:
    """Return those of some rows without an encounter that a model may read: only other signs may come without one."""
    names = table.take("nomSigno", at)
    return [row for row, name in zip(at.tolist(), names, strict=True) if sign_index(name) != -1]


def read_encounters(table: Table, index: EncounterIndex, zone: tzinfo) -> list[Encounter | Refusal]:
    """Read each encounter, or say why not, in the order of the index.

    An encounter's rows stay in their order, so that its sums are those of the same rows alone, to the last bit.
    zone: the wall clock of times without an offset.
    """
    read = read_measurements(table, zone)
    refusals, newest = _refusals(read, index), _newest(read, index)
    rows = _rows_by_owner(index.owner[read.at], len(index.encounters))
    return [
        Refusal(number, refusals[place]) if place in refusals else _encounter(read, own, number, newest[place])
        for place, (number, own) in enumerate(zip(index.encounters, rows, strict=True))
    ]


def _rows_by_owner(owner: NDArray[np.intp], owners: int) -> list[Positions]:
    """Return each owner's rows, in their order. owner: (n,), -1 for none."""
    order = np.argsort(owner, kind="stable") if (owner[1:] < owner[:-1]).any() else np.arange(len(owner))
    bounds = np.searchsorted(owner[order], np.arange(owners + 1)).tolist()
    return [order[first:end] for first, end in pairwise(bounds)]


def _encounter(read: Measurements, rows: Positions, number: int, newest: np.datetime64) -> Encounter:
    """Return one encounter. rows: its own, of the measurements."""
    at = read.at[rows]
    instants = read.times.instants[at]
    return Encounter(
        id=number,
        signs=read.signs[rows],
        values=read.values[rows],
        instants=instants,
        zone=read.zone if read.times.naive[at].all() else None,
        newest=None if np.isnat(newest) else newest,
        unknown=_unknown_units(read, rows, instants),
    ).without_noise()


def _newest(read: Measurements, index: EncounterIndex) -> NDArray[np.datetime64]:
    """Return each encounter's newest instant, over all its rows; NaT where it has none."""
    newest = np.full(len(index.encounters) + 1, OLDEST)  # the last is for rows of nobody
    np.maximum.at(newest, index.owner, read.times.instants.view(np.int64))
    return newest[:-1].view("datetime64[us]")


def _unknown_units(read: Measurements, rows: Positions, instants: NDArray[np.datetime64]) -> tuple[UnknownUnit, ...]:
    """Return each sign's units that nobody knows here, and since when each was sent."""
    first: dict[tuple[int, str], np.datetime64] = {}
    for at in np.flatnonzero(read.unknown_unit[rows]).tolist():
        pair = int(read.signs[rows[at]]), str(read.units.units[read.units.which[rows[at]]])
        first[pair] = min(first.get(pair, instants[at]), instants[at])
    return tuple(UnknownUnit(*pair, since) for pair, since in sorted(first.items()))


def _refusals(read: Measurements, index: EncounterIndex) -> dict[int, Unscorable]:
    """Return why some encounters cannot be read, by their places: the first thing that is wrong with each."""
    found: dict[int, Unscorable] = {}
    for wrong in (*read.wrong, *clock_faults(read, index)):
        for place, which in by_owner(index.owner[wrong.at]):
            if place not in found:
                found[place] = wrong.refusal(read.table, which)
    without = np.bincount(index.owner[read.at], minlength=len(index.encounters)) == 0
    if without.any():
        for place, rows in by_owner(np.where(without[index.owner], index.owner, -1)):
            unknown = no_known_sign(read, rows)
            if unknown and place not in found:
                found[place] = unknown
    return found


def by_owner(owner: NDArray[np.intp]) -> Iterator[tuple[int, Positions]]:
    """Return each owner that comes, and which of the rows are its. owner: (n,), -1 for none."""
    owners, which = np.unique(owner, return_inverse=True)
    rows = _rows_by_owner(which, len(owners))
    return ((place, own) for place, own in zip(owners.tolist(), rows, strict=True) if place >= 0)


def clock_faults(read: Measurements, index: EncounterIndex) -> Iterator[WrongCells]:
    """Find times without an offset beside others of the encounter with one, and times that clocks showed twice."""
    at = read.at[~np.isnat(read.times.instants[read.at])]
    naive, owners = read.times.naive[at], index.owner[at]
    if naive.any() and not naive.all():
        with_offset = np.isin(owners, owners[~naive])
        mixed = at[naive & with_offset]
        yield WrongCells(MixedTimeZones, "fecRegistro", mixed, Distinct.of_one(MIXED, len(mixed)))
    unclear = at[read.times.ambiguous[at]]
    if len(unclear):
        reasons = Distinct.of_one(ambiguous_reason(read.zone), len(unclear))
        yield WrongCells(AmbiguousTime, "fecRegistro", unclear, reasons)


def no_known_sign(read: Measurements, rows: Positions) -> NoKnownSign | None:
    """Return the refusal of an encounter none of whose rows bears a name that is read. rows: its own, of the table."""
    names = [name for name in read.table.take("nomSigno", rows) if isinstance(name, str)]
    if not names or (read.sign_of_row[rows] >= 0).any():
        return None
    distinct = dict.fromkeys(text_of(name) or "" for name in names)
    return NoKnownSign(len(names), tuple(islice(distinct, SHOWN_NAMES)))
