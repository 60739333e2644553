"""One OBX, read by the nine rules into an observation, or the reason why it is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fcv_api.domain.observations import QUESTIONABLE, Key, Observation
from fcv_api.domain.vitals import SIGNS
from fcv_api.wire.hl7.characters import HL7_NULL, fitted
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.segments import Fields, Header, components, field, repetitions, text_of
from fcv_api.wire.hl7.signs import sign_named
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.hl7.times import instant
from fcv_api.wire.hl7.values import Measured, measured, number_of, unit_named
from fcv_api.wire.observation_cells import DELETES, LONGEST_CHANNEL

NOT_MEASURED = {"DEMO", "TEST", "CAL", "INV", "NAV"}
QUES = "QUES"
NO_RESULT = ("X", "N")
SETTINGS = {"ASET", "MSET"}
STATUSES = frozenset("ABCDFIOPRSUVW")
"""Of HL7's table 0085; C, D and W change what was sent before."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a message says of all its OBX. offset: of MSH-7, where it holds for them."""

    header: Header
    source: Source
    offset: timedelta | None


@dataclass(frozen=True, slots=True)
class Row:
    """An OBX that is an observation. number: its own among the OBX of the message. timed: it has a time of its own."""

    number: int
    observation: Observation
    timed: bool


def read_observation(obx: Fields, obr: Fields, bed: str, context: Context) -> Observation | Reason:
    """Read an OBX. obr: of its group. A correction without a usable value deletes, as the store knows."""
    header = context.header
    named = sign_named(_parts(obx, 3, header), context.source)
    if isinstance(named, Reason):
        return named
    status = components(field(obx, 11), header.delimiters)[0].strip().upper()
    if reason := _excluded(obx, status, header):
        return reason
    at = time_of(obx, obr, context)
    if isinstance(at, Reason):
        return at
    channel = fitted(text_of(field(obx, 4), header), LONGEST_CHANNEL)
    key = Key(SIGNS[named.sign].code, at, channel, named.name)
    found = _value(obx, named.sign, context)
    if status in ("D", "W") or (isinstance(found, Reason) and status in DELETES):
        return Observation(key, status, None, bed=bed)
    if isinstance(found, Reason):
        return found
    return Observation(key, status if status in STATUSES else "", found.value, found.unit, " ".join(found.flags), bed)


def time_of(obx: Fields, obr: Fields, context: Context) -> int | Reason:
    """Return OBX-14, else OBR-7, else MSH-7 where the source allows it, in microseconds; never the time of arrival."""
    header, source = context.header, context.source
    for cell in (field(obx, 14), field(obr, 7), header.time if source.time_from_msh7 else ""):
        text = components(cell, header.delimiters)[0].strip()
        if text and text != HL7_NULL:
            return instant(text, context.offset, source.zone)
    return Reason.NO_TIME


def has_own_time(obx: Fields) -> bool:
    """Return whether an OBX says its own time."""
    return field(obx, 14).strip() not in ("", HL7_NULL)


def _excluded(obx: Fields, status: str, header: Header) -> Reason | None:
    """Return why an OBX is no result of a measurement."""
    if status in NO_RESULT:
        return Reason.NO_RESULT
    methods = {text_of(components(each, header.delimiters)[0], header) for each in _repeated(obx, 17, header)}
    if "SETTING" in _words(obx, 13, header) or SETTINGS & {each.upper() for each in methods}:
        return Reason.SETTING
    return None


def _value(obx: Fields, sign: int, context: Context) -> Measured | Reason:
    """Return the value of an OBX in its sign's own unit, with its flags."""
    header = context.header
    flagged = _words(obx, 8, header)
    if flagged & NOT_MEASURED:
        return Reason.NOT_MEASURED
    number = _number(obx, header)
    if isinstance(number, Reason):
        return number
    found = measured(number, sign, unit_named(_parts(obx, 6, header), context.source))
    if isinstance(found, Measured) and QUES in flagged:
        return found._replace(flags=(*found.flags, QUESTIONABLE))
    return found


def _number(obx: Fields, header: Header) -> float | Reason:
    repeated = _repeated(obx, 5, header)
    if len(repeated) > 1:
        return Reason.NOT_A_NUMBER
    return number_of(field(obx, 2).strip().upper(), components(repeated[0], header.delimiters))


def _repeated(obx: Fields, number: int, header: Header) -> list[str]:
    return repetitions(field(obx, number), header.delimiters)


def _words(obx: Fields, number: int, header: Header) -> set[str]:
    """Return the codes of a field that may repeat."""
    if not field(obx, number):
        return set()
    every = _repeated(obx, number, header)
    return {text_of(components(each, header.delimiters)[0], header).upper() for each in every}


def _parts(obx: Fields, number: int, header: Header) -> list[str]:
    return [text_of(part, header) for part in components(field(obx, number), header.delimiters)]
