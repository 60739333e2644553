"""What one message alone would give: for each sign and instant one name and one channel, and why the rest is no row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from fcv_api.domain.channels import channel_order
from fcv_api.domain.observations import (
    UNKNOWN_UNIT,
    Key,
    Statement,
    averaged,
    rank,
    with_those_of_no_channel,
)
from fcv_api.domain.vitals import INDEX_BY_CODE, SIGNS
from fcv_api.wire.hl7.observation import Row
from fcv_api.wire.hl7.patients import Identifier
from fcv_api.wire.hl7.reading import Group, Reading
from fcv_api.wire.hl7.reasons import Drop, Reason
from fcv_api.wire.hl7.values import ucum

OBX = "OBX"
Order = tuple[bool, list[tuple[bool, int, str]], str]


class Shown(NamedTuple):
    """A row as `fcv hl7 read` prints it. encounter: as the message names it. at: in microseconds."""

    encounter: str
    bed: str | None
    sign: str
    value: float
    unit: str
    at: int


def shown(reading: Reading) -> tuple[list[Shown], list[Drop]]:
    """Return the rows of a message in its order, and what is dropped, what its window would not read among it."""
    rows, dropped = [], list(reading.dropped)
    by_patient: defaultdict[Identifier, list[Group]] = defaultdict(
        list
    )  # one number of two authorities is two patients
    for group in reading.groups:
        if group.identifier is not None:
            by_patient[group.identifier].append(group)
    for patient, groups in by_patient.items():
        own = [row for group in groups for row in group.rows]
        beds = {row.observation.key: group.bed for group in groups for row in group.rows}
        for key, statement in chosen(own, dropped, OBX):
            rows.append(row_of(patient.value, beds.get(key, "") or None, key, statement))
    return rows, dropped


def chosen(rows: Sequence[Row], dropped: list[Drop], part: str) -> list[tuple[Key, Statement]]:
    """Return what a window could read of one encounter: of each sign and instant one name, then the lower channel.

    part: what each row was of the message, for what is dropped.
    """
    said = _said(rows)
    numbers, replaced = _numbered(rows, said)
    dropped.extend(Drop(f"{part} {number}", Reason.REPLACED) for number in replaced)
    usable: defaultdict[tuple[int, int], list[Key]] = defaultdict(list)
    holding = with_those_of_no_channel(said)
    for key, statement in holding.items():
        if reason := _unusable(key, statement):
            dropped.append(Drop(f"{part} {numbers[key]}", reason))
        else:
            usable[key.sign, key.at].append(key)
    for keys in usable.values():
        best, *others = sorted(keys, key=_order)
        reasons = [(each, Reason.OTHER_CHANNEL if each.name == best.name else Reason.OTHER_NAME) for each in others]
        dropped.extend(Drop(f"{part} {numbers[each]}", reason) for each, reason in reasons)
    best_keys = sorted((min(keys, key=_order) for keys in usable.values()), key=numbers.__getitem__)
    return [(key, holding[key]) for key in best_keys]


def _said(rows: Sequence[Row]) -> dict[Key, Statement]:
    """Return the statement that holds of each key: two of one key and status are averaged first."""
    said: dict[Key, Statement] = {}
    for each in averaged(row.observation for row in rows):
        said[each.key] = max(each.sent(0), said.get(each.key, each.sent(0)), key=rank)
    return said


def _numbered(rows: Sequence[Row], said: Mapping[Key, Statement]) -> tuple[dict[Key, int], list[int]]:
    """Return of each key the number of the first OBX that states what holds, and the numbers of those it replaces."""
    numbers: dict[Key, int] = {}
    replaced = []
    for row in rows:
        if row.observation.sent(0).status == said[row.observation.key].status:
            numbers.setdefault(row.observation.key, row.number)
        else:
            replaced.append(row.number)
    return numbers, replaced


def _unusable(key: Key, statement: Statement) -> Reason | None:
    if statement.value is None:
        return Reason.DELETES
    low, high = SIGNS[INDEX_BY_CODE[key.sign]].limits.hard
    return None if low <= statement.value <= high else Reason.OUTSIDE_LIMITS


def _order(key: Key) -> Order:
    return key.name != SIGNS[INDEX_BY_CODE[key.sign]].name, channel_order(key.channel), key.name


def row_of(encounter: str, bed: str | None, key: Key, statement: Statement) -> Shown:
    """Return a row with its value in the sign's own unit, or in one that nobody knows."""
    sign = INDEX_BY_CODE[key.sign]
    unit = statement.unit if UNKNOWN_UNIT in statement.flag.split() else ucum(sign)
    return Shown(encounter, bed, SIGNS[sign].name, statement.value or 0.0, unit, key.at)


def as_wire(reading: Reading) -> Mapping[str, Any]:
    """Return a message as `fcv hl7 read --json` prints it."""
    rows, dropped = shown(reading)
    return {
        "ack": reading.ack.value,
        "rows": [row_as_wire(each) for each in rows],
        "dropped": [{"where": each.where, "reason": each.reason.value} for each in dropped],
    }


def row_as_wire(row: Shown) -> dict[str, Any]:
    """Return a row as it is printed."""
    members = row._asdict()
    return members | {"time": utc(members.pop("at"))}


def utc(at: int) -> str:
    """Return an instant in UTC with Z, and with as many digits of its second as it has."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)
    whole, point, fraction = moment.replace(tzinfo=None).isoformat().partition(".")
    return f"{whole}{point}{fraction.rstrip('0')}Z"
