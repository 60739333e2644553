"""The value of an OBX: a number as HL7 writes one, in its sign's own unit, with what a window must warn of."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from fcv_api.domain.encounter import HIGHEST, LOWEST
from fcv_api.domain.observations import IMPLAUSIBLE, UNKNOWN_UNIT
from fcv_api.domain.units import Kind, Unit
from fcv_api.domain.vitals import SIGNS
from fcv_api.wire import cells
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.observation_cells import unit_text

NUMBER = re.compile(r"[+-]?\d{1,64}(?:\.\d{1,64})?", re.ASCII)
SENTINELS = frozenset((-1.0, -100.0, -999.0, -99.9, 32767.0, 8388607.0))
"""What monitors send where there is no value."""
LOW, HIGH = LOWEST.tolist(), HIGHEST.tolist()


class Measured(NamedTuple):
    """A value in its sign's own unit. unit: as it is stored. flags: codes of warnings."""

    value: float
    unit: str
    flags: tuple[str, ...]


def number_of(kind: str, components: list[str]) -> float | Reason:
    """Return the number of an OBX-5 without repetitions. kind: OBX-2. components: not unescaped."""
    parts = [part.strip() for part in components]
    if not any(parts) or parts == ['""']:
        return Reason.NO_VALUE
    if kind == "SN" and not parts[0] and not any(parts[2:]):
        parts = parts[1:2]
    elif kind != "NM":
        return Reason.NOT_A_NUMBER
    return float(parts[0]) if len(parts) == 1 and NUMBER.fullmatch(parts[0]) else Reason.NOT_A_NUMBER


def measured(number: float, sign: int, unit: Unit | str | None) -> Measured | Reason:
    """Return a number as a measurement of a sign, by its index. unit: the text of one that nobody knows."""
    if number in SENTINELS:
        return Reason.SENTINEL
    own = SIGNS[sign]
    if isinstance(unit, Unit) and unit.kind is not own.unit.kind:
        return Reason.WRONG_UNIT
    if own.unit.kind is Kind.TEMPERATURE and number > HIGH[sign] and not isinstance(unit, Unit):
        return Reason.UNIT_MISSING  # °C and °F cannot be distinguished: as at the other doors, never guessed
    if isinstance(unit, Unit) and (unit.factor, unit.zero) != (1.0, 0.0):
        number = (number - unit.zero) * unit.factor
    if own.static and number == own.limits.missing:
        return Reason.NOT_ENTERED
    return Measured(number, unit_text(unit), _flags(number, sign, unit))


def _flags(number: float, sign: int, unit: Unit | str | None) -> tuple[str, ...]:
    flags = () if LOW[sign] <= number <= HIGH[sign] else (IMPLAUSIBLE,)
    return (*flags, UNKNOWN_UNIT) if isinstance(unit, str) else flags


def unit_named(components: list[str], source: Source) -> Unit | str | None:
    """Return the unit of an OBX-6, as text: by its name where that is known, else by its code, in either coding.

    Returns the text of one that nobody knows, and None where none is said.
    """
    parts = [*components[:6], *[""] * (6 - len(components))]
    said = [part for part in (parts[1], parts[0], parts[4], parts[3]) if part]
    for part in said:
        if (own := source.units.get(part.casefold())) is not None:
            return own
    for part in said:
        if isinstance(found := unit_of(part), Unit):
            return found
    return said[0] if said else None


@lru_cache(1024)
def unit_of(text: str) -> Unit | None:
    """Return a unit by its name, code or spelling; None for one that nobody knows."""
    found = cells.unit(text)
    return found if isinstance(found, Unit) else None


def ucum(sign: int) -> str:
    """Return the unit that a sign's values are in, as UCUM writes it: both rates as `/min`."""
    unit = SIGNS[sign].unit
    return "/min" if unit.kind is Kind.RATE else unit.ucum[0]
