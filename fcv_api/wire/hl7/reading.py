"""A message read: which patients' groups it holds, their rows, what was dropped and why, and how it is acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fcv_api.wire.hl7.observation import Context, Row, has_own_time, read_observation, time_of
from fcv_api.wire.hl7.patients import Identifier, bed_of, identifier_of
from fcv_api.wire.hl7.reasons import Drop, Reason
from fcv_api.wire.hl7.segments import Fields, Header, Message, header_of, segments_of
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.hl7.times import instant, parse

ALARMS, WAVEFORMS = "R40", "W01"
DISCHARGE = "A03"
MOST_SEGMENTS = 20_000
"""Of a message: a hundred times what a monitor sends. More would hold up the other gateways for seconds."""


class Ack(StrEnum):
    """How a message is acknowledged: accepted, not now, never."""

    ACCEPTED = "AA"
    ERROR = "AE"
    REJECTED = "AR"


@dataclass(frozen=True, slots=True)
class Group:
    """What a message says of one patient. identifier: None where none is named.

    newest: the newest time that can be read of its observations, of whatever sign, in microseconds.
    """

    identifier: Identifier | None
    bed: str
    rows: Sequence[Row]
    newest: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A message that was read. header: None where there is none. sent_at: MSH-7 in microseconds; None where unclear.

    discharges: it is an ADT^A03, which closes the stays that its groups name.
    """

    header: Header | None
    ack: Ack
    dropped: Sequence[Drop] = ()
    groups: Sequence[Group] = ()
    sent_at: int | None = None
    discharges: bool = False


@dataclass(slots=True)
class _Group:
    """A patient's group as it is split off. observations: OBX by their numbers, each with the OBR above it."""

    pid: Fields = ()
    pv1: Fields = ()
    obr: Fields = ()
    observations: list[tuple[int, Fields, Fields]] = field(default_factory=list)


def read(message: Message, source: Source, *, allow_test: bool) -> Reading:
    """Read a message of a source. A fault that lies in its bytes stops neither it nor the next one."""
    header = header_of(message)
    try:
        if len(message.lines) > MOST_SEGMENTS:
            return Reading(header, Ack.ACCEPTED, [Drop("message", Reason.UNREADABLE)])
        return _read(message, header, source, allow_test=allow_test)
    except Exception:  # noqa: BLE001 - whatever its bytes do, the gateway must not send it for ever
        return Reading(header, Ack.ACCEPTED, [Drop("message", Reason.UNREADABLE)])


def refused(header: Header | None, reason: Reason) -> Reading:
    """Return the reading of a message that is rejected as a whole."""
    return Reading(header, Ack.REJECTED, [Drop("message", reason)])


def _read(message: Message, header: Header, source: Source, *, allow_test: bool) -> Reading:
    if reason := _rejection(header, source, allow_test=allow_test):
        return refused(header, reason)
    said = parse(header.time)
    offset = said.offset if said and source.msh7_zone_for_obx else None
    sent_at = instant(header.time, None, source.zone)
    known = None if isinstance(sent_at, Reason) else sent_at
    if header.kind == "ORU" and header.event not in (ALARMS, WAVEFORMS):
        dropped: list[Drop] = []
        context = Context(header, source, offset)
        parts = groups_of(segments_of(message, header))
        groups = [_group(number, part, context, dropped) for number, part in enumerate(parts, 1)]
        return Reading(header, Ack.ACCEPTED, dropped, groups, known)
    discharges = header.kind == "ADT" and header.event == DISCHARGE
    named = groups_of(segments_of(message, header)) if discharges else []
    groups = [Group(identifier_of(each.pid, each.pv1, header), "", (), None) for each in named]
    return Reading(header, Ack.ACCEPTED, [Drop("message", Reason.NOT_FOR_ROWS)], groups, known, discharges)


def _rejection(header: Header, source: Source, *, allow_test: bool) -> Reason | None:
    """Return why a message is rejected as a whole."""
    if source.test and not allow_test:
        return Reason.TEST_SOURCE
    if not header.control:
        return Reason.NO_CONTROL_ID
    if header.processing != "P" and not (header.processing == "T" and source.test):
        return Reason.NOT_PRODUCTION
    is_ours = header.kind == "ADT" or (header.kind == "ORU" and header.event in ("R01", ALARMS, WAVEFORMS))
    return None if is_ours else Reason.OTHER_TYPE


def groups_of(segments: Sequence[Fields]) -> list[_Group]:
    """Return the patients' groups. PV1 belongs to the PID above it; a second one is another visit: another group."""
    groups = [_Group()]
    for number, segment in _numbered(segments):
        name, group = segment[0].strip(), groups[-1]
        if name == "PID":
            groups.append(_Group(pid=segment))
        elif name == "PV1" and group.pv1:
            groups.append(_Group(pid=group.pid, pv1=segment))
        elif name == "PV1":
            group.pv1 = segment
        elif name == "OBR":
            group.obr = segment
        elif name == "OBX":
            group.observations.append((number, segment, group.obr))
    return [each for each in groups if each.pid or each.pv1 or each.observations]


def _numbered(segments: Sequence[Fields]) -> list[tuple[int, Fields]]:
    """Return segments with the number of the OBX that each is, or stands behind."""
    numbered, number = [], 0
    for segment in segments:
        number += segment[0].strip() == "OBX"
        numbered.append((number, segment))
    return numbered


def _group(number: int, part: _Group, context: Context, dropped: list[Drop]) -> Group:
    """Read a patient's group. Without an identifier it has no rows, only a bed that somebody should look at."""
    identifier, bed = identifier_of(part.pid, part.pv1, context.header), bed_of(part.pv1, context.header)
    if identifier is None:
        dropped.append(Drop(f"patient {number}", Reason.NO_ENCOUNTER))
        return Group(None, bed, (), _newest(part, context))
    rows = []
    for at, obx, obr in part.observations:
        found = read_observation(obx, obr, bed, context)
        if isinstance(found, Reason):
            dropped.append(Drop(f"OBX {at}", found))
        else:
            rows.append(Row(at, found, has_own_time(obx)))
    return Group(identifier, bed, rows, None)


def _newest(part: _Group, context: Context) -> int | None:
    times = [time_of(obx, obr, context) for _number, obx, obr in part.observations]
    return max((each for each in times if not isinstance(each, Reason)), default=None)
