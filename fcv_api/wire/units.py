"""The units of an export, and values brought to their signs' own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import UnknownUnit
from fcv_api.domain.errors import BadCells, UnitMissing, WrongUnit
from fcv_api.domain.units import UNIT_BY_NAME, Unit
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.wire.columns import Cells, cell_at, show, whole_number

TEMPERATURE = INDEX_BY_NAME["MDC_TEMP"]
HOTTEST = SIGNS[TEMPERATURE].limits.hard[1]

Pair = tuple[int, object]
"""A sign's index and a cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What rows say of their units. pairs: each sign with each of its cells. cells: gives them row by row."""

    pairs: set[Pair]
    cells: Callable[[], Cells]

    @classmethod
    def of(cls, cells: Cells, signs: NDArray[np.intp]) -> Told:
        """Read each row's. signs: by row. Raises InvalidRows for a list or an object."""
        try:
            return cls(set(zip(signs.tolist(), cells.cells, strict=True)), lambda: cells)
        except TypeError:
            raise cells.explain(_reason) from None


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """values: (n,) in the signs' own units. unknown: signs, by index, with a unit of no table."""

    values: NDArray[np.float64]
    unknown: tuple[Pair, ...]


def all_known(told: Told) -> bool:
    """Tell whether every cell names a unit of the table."""
    return all(_unit(cell) for _sign, cell in told.pairs)


def either(names: Cells, codes: Cells) -> Cells:
    """Give each row's name, or its code where the name is of no table and the code is said."""
    pairs = zip(names.cells, codes.cells, strict=True)
    cells = [code if _is_said(code) and not _unit(name) else name for name, code in pairs]
    return Cells(names.column, names.rows, cells)


def in_own_units(told: Told, signs: NDArray[np.intp], values: NDArray[np.float64]) -> Measured:
    """Convert values to their signs' own units. Raises WrongUnit or UnitMissing. signs, values: (n,)."""
    units = {pair: _unit(pair[1]) for pair in told.pairs}
    _check_kinds(told, signs, units)
    _check_hot(told, signs, values, units)
    for (sign, cell), unit in units.items():
        if unit and unit.converts:
            rows = (signs == sign) & np.array([each == cell for each in told.cells().cells])
            with np.errstate(over="ignore"):  # infinite is outside the hard limits
                values = np.where(rows, (values - unit.zero) * unit.factor, values)
    return Measured(values, tuple(pair for pair, unit in units.items() if unit is None and _is_said(pair[1])))


def unknown_since(
    unknown: tuple[Pair, ...], told: Told, signs: NDArray[np.intp], instants: NDArray[np.datetime64]
) -> tuple[UnknownUnit, ...]:
    """Say since when each unknown unit was sent. told, signs, instants: by row."""
    first: dict[tuple[int, str], np.datetime64] = {}
    wanted = set(unknown)
    for sign, cell, instant in zip(signs.tolist(), told.cells().cells, instants, strict=True) if wanted else ():
        if (sign, cell) in wanted:
            pair = (sign, _written(cell))
            first[pair] = min(first.get(pair, instant), instant)
    return tuple(UnknownUnit(*pair, since) for pair, since in sorted(first.items()))


def _unit(cell: object) -> Unit | None:
    return UNIT_BY_NAME.get(_written(cell))


def _written(cell: object) -> str:
    """Write a unit's name, or its code however it came: 7, 7.0 and "7" are one."""
    code = whole_number(cell)
    return str(cell).strip() if code is None else str(code)


def _is_said(cell: object) -> bool:
    return cell is not None and str(cell).strip() != ""


def _reason(cell: object) -> str | None:
    return f"must be a unit, not {show(cell)}" if isinstance(cell, list | dict) else None


def _check_kinds(told: Told, signs: NDArray[np.intp], units: dict[Pair, Unit | None]) -> None:
    """Refuse a unit that measures something else than its sign is."""
    wrong = {pair: unit for pair, unit in units.items() if unit and unit.kind is not SIGNS[pair[0]].unit.kind}
    if wrong:
        reason = "{0.name} is {0.kind.value}, and no unit of {1.name}"
        reasons = {pair: reason.format(unit, SIGNS[pair[0]]) for pair, unit in wrong.items()}
        raise _refusal(WrongUnit, told.cells(), signs, reasons)


def _check_hot(
    told: Told, signs: NDArray[np.intp], values: NDArray[np.float64], units: dict[Pair, Unit | None]
) -> None:
    """Refuse a temperature that may be Fahrenheit, where no unit says so: it is never guessed."""
    hot = (signs == TEMPERATURE) & (values > HOTTEST)
    if not hot.any():
        return
    reason = f"a temperature over {HOTTEST:g} needs its unit: °C and °F cannot be told apart"
    bare = {pair: reason for pair, unit in units.items() if unit is None}
    rows = told.cells().where(hot)
    if any((TEMPERATURE, cell) in bare for cell in rows.cells):
        raise _refusal(UnitMissing, rows, signs[hot], bare)


def _refusal(fact: type[BadCells], told: Cells, signs: NDArray[np.intp], reasons: dict[Pair, str]) -> BadCells:
    rows = zip(told.rows, signs.tolist(), told.cells, strict=True)
    found = ((row, reasons.get((sign, cell))) for row, sign, cell in rows)
    return fact.of([cell_at(told.column, row, reason) for row, reason in found if reason])
