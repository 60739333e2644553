"""Rows of the nine signs, by columns, whosever they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter, UnknownUnit
from fcv_api.domain.errors import BadCells
from fcv_api.wire.byte_rows import ByteRows
from fcv_api.wire.byte_times import local_times
from fcv_api.wire.columns import Cells
from fcv_api.wire.rows import Rows, aligned, cells_of
from fcv_api.wire.sign_rows import SignRows, signs_of
from fcv_api.wire.times import Instants, Times, newest, read_local, read_times
from fcv_api.wire.units import Told, all_known, either, in_own_units, unknown_since


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Measurements:
    """What rows of the nine signs say. naive: their times said no offset.

    at: (n,) the position of each row among the names. every: (rows,) the instant of each row that was sent, of other
    signs and without a value too, in the order of the names; None where not all are plain times. The others are as in
    `Encounter`.
    """

    at: NDArray[np.intp]
    signs: NDArray[np.intp]
    values: NDArray[np.float64]
    instants: NDArray[np.datetime64]
    naive: bool
    every: Instants | None
    newest: np.datetime64 | None
    unknown: tuple[UnknownUnit, ...]

    def take(self, which: NDArray[np.intp] | slice, newest: np.datetime64 | None) -> Measurements:
        """Keep some of the rows, in the order of `which`. newest: of all rows that were sent with these."""
        parts = {name: getattr(self, name)[which] for name in ("at", "signs", "values", "instants")}
        return replace(self, **parts, newest=newest)

    def of(self, number: int, zone: tzinfo) -> Encounter:
        """Say whose they are. zone: the wall clock of times without an offset."""
        return Encounter(
            id=number,
            signs=self.signs,
            values=self.values,
            instants=self.instants,
            zone=zone if self.naive else None,
            newest=self.newest,
            unknown=self.unknown,
        ).without_noise()


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalRows:
    """Rows as they came: columns by row key, not read yet."""

    names: Rows
    values: Rows
    times: Rows
    codes: Rows | None = None
    units: Rows | None = None
    unit_codes: Rows | None = None

    def measurements(self, zone: tzinfo) -> Measurements:
        """Read the rows of the nine signs, and no others. Raises one of `BadCells`.

        zone: the wall clock of times without an offset.
        """
        every_sign = signs_of(self.names)
        nine = SignRows(self.names, every_sign >= 0)
        values = nine.numbers("valor", self.values)
        if np.isnan(values).any():  # a row without a value is dropped before anything else of it is read
            nine, values = nine.where(~np.isnan(values)), values[~np.isnan(values)]
        at = np.flatnonzero(nine.kept)
        signs = every_sign[at]
        if self.codes is not None:
            nine.check_codes(self.codes, signs)
        told = self._units(nine, signs)
        measured = in_own_units(told, signs, values)
        every = self._every_time(zone)
        times = every.take(at) if every else read_times(nine.cells("fecRegistro", self.times, required=True), zone)
        return Measurements(
            at=at,
            signs=signs,
            values=measured.values,
            instants=times.instants,
            naive=times.naive,
            every=every.instants if every else None,
            newest=newest(every or times, cells_of(self.times) if every is None else (), zone),
            unknown=unknown_since(measured.unknown, told, signs, times.instants),
        )

    def _every_time(self, zone: tzinfo) -> Times | None:
        """Read the times of all rows at once, as nearly every request allows: whoever needs one takes it from here."""
        if not aligned(self.times, self.names):
            return None
        if isinstance(self.times, ByteRows) and (read := read_local(local_times(self.times), zone)):
            return read
        try:
            return read_times(Cells("fecRegistro", self.times, cells_of(self.times)), zone)
        except BadCells:  # perhaps of a row that nobody reads
            return None

    def _units(self, nine: SignRows, signs: NDArray[np.intp]) -> Told:
        """Give each row's unit: `unidad`, or `idUnidad` where that names none of the table.

        A column without a cell is as one that was not sent: in a batch, others may have sent it.
        """
        units, codes = self.units or {}, self.unit_codes or {}
        if codes and not units:
            return _told(nine, "idUnidad", codes, signs)
        names = _told(nine, "unidad", units, signs)
        if not codes or all_known(names):
            return names
        return Told.of(either(names.cells(), nine.told("idUnidad", codes)), signs)


def _told(nine: SignRows, name: str, column: Rows, signs: NDArray[np.intp]) -> Told:
    """Give what each row of a column tells of its unit: by sign, as nearly every request allows."""
    by_sign = nine.one_a_sign(column, signs)
    if by_sign is None:
        return Told.of(nine.told(name, column), signs)
    return Told(set(by_sign.items()), lambda: nine.told(name, column))
