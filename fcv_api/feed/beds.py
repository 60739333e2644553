"""What is known of each bed now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from fcv_api.alerts.query import foremost_by_stream
from fcv_api.domain.alerting import Alert
from fcv_api.domain.arrivals import FUTURE
from fcv_api.domain.stays import (
    CLOSED_AFTER,
    MINUTE,
    SILENT_AFTER,
    Placement,
    Stay,
    closed_since,
    conflict_since,
    is_of_test,
)
from fcv_api.extensions.cursors import read_cursor, run
from fcv_api.feed import stays
from fcv_api.ledger.record import utc_moment

UNNAMED = "SELECT source, bed, since, seen_at FROM unnamed_beds WHERE seen_at >= ?"
TURNS = """SELECT t.encounter, p.slot, p.id, p.problem, p.state, p.probabilities, p.warnings, p.at,
    p.user_id
    FROM stays s JOIN turns t ON t.encounter = s.id
    JOIN predictions p ON p.encounter = t.encounter AND p.slot = t.last_slot WHERE s.seen_at >= ?"""
CONFLICT, NOT_YET, CORRECTED = "identity-conflict", "not-scored-yet", "corrected"
SHOWN = 15 * MINUTE
"""A last score that is older is no score of now."""


class Status(StrEnum):
    """Of a bed."""

    SCORED = "scored"
    NOT_SCORED = "not_scored"
    SILENT = "silent"
    NO_PATIENT = "no_patient"
    CLOSED = "closed"


class Turn(NamedTuple):
    """What was recorded of a stay's last turn. problem: of a refusal. at: when it was recorded, in UTC."""

    encounter: int
    slot: int
    id: str
    problem: str | None
    state: str | None
    probabilities: str | None
    warnings: str | None
    at: str
    user_id: int

    @property
    def recorded_at(self) -> int:
        """When it was recorded, in microseconds."""
        return round(utc_moment(self.at).timestamp() * 1e6)


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed, or a stay whose bed nobody named. since: when this status began. newest: its newest observation.

    encounter: None where no patient is named. turn: the last one that was recorded. alert: the foremost that holds.
    Times are in microseconds, UTC.
    """

    encounter: int | None
    source: str
    bed: str | None
    status: Status
    reason: str | None
    since: int
    newest: int
    turn: Turn | None = None
    alert: Alert | None = None


def now_known(now: int) -> list[Bed]:
    """Return open stays, beds without a named patient, and stays closed in the last 12 hours; by source and bed.

    Those of test sources come last.
    """
    since = now - 2 * CLOSED_AFTER
    with read_cursor() as cursor:
        found, beside = stays.seen_since(cursor, since), stays.beside(cursor, since)
        nameless = run(cursor, UNNAMED, since).fetchall()
        turns = {row[0]: Turn(*row) for row in run(cursor, TURNS, since).fetchall()}
    near = by_place(found, beside)
    ended = {stay.id for stay in found if stay.ended}
    beds = [_bed(stay, _state(stay, near[stay.id], ended, now), turns.get(stay.id), now) for stay in found]
    beds = _with_alerts(beds)
    listed = [each for each in beds if each.status != Status.CLOSED or each.since > now - CLOSED_AFTER]
    listed += _nameless(found, nameless)
    return sorted(listed, key=lambda each: (is_of_test(each.source), each.source, each.bed or "", each.encounter or 0))


def _with_alerts(beds: Sequence[Bed]) -> list[Bed]:
    """Add to each bed that is not closed the foremost alert that holds, also where it is not scored now."""
    alerts = foremost_by_stream()
    if not alerts:
        return list(beds)
    return [each if (alert := _alert(each, alerts)) is None else replace(each, alert=alert) for each in beds]


def _alert(bed: Bed, alerts: Mapping[tuple[int, int], Alert]) -> Alert | None:
    turn = bed.turn
    return alerts.get((turn.encounter, turn.user_id)) if turn and bed.status != Status.CLOSED else None


State = tuple[Status, str | None, int]
"""Its status, the reason, and since when."""


def _bed(stay: Stay, state: State, turn: Turn | None, now: int) -> Bed:
    """Return a stay's bed. Its last turn says more of one that waits for its score, as long as it is one of now."""
    if turn and state[1] == NOT_YET and -FUTURE <= now - turn.slot <= SHOWN:  # a clock may have been set back
        corrected = stay.corrected_at is not None and stay.corrected_at > turn.recorded_at
        if turn.problem is None and not corrected:
            state = Status.SCORED, None, turn.slot
        else:
            state = Status.NOT_SCORED, turn.problem or CORRECTED, turn.slot
    return Bed(stay.id, stay.source, stay.bed, *state, stay.seen_at, turn)


def _state(stay: Stay, beside: Sequence[Placement], ended: set[int], now: int) -> State:
    """Return what is so of a stay now: the first of what keeps it from being scored."""
    if (closed := closed_since(stay, beside, now)) is not None:
        return Status.CLOSED, None, closed
    if (conflict := conflict_since(stay, beside, ended)) is not None:
        return Status.NOT_SCORED, CONFLICT, conflict
    moving_at = stay.opened_at if stay.moving_at is None else stay.moving_at
    if now - moving_at >= SILENT_AFTER:
        return Status.SILENT, None, moving_at
    return Status.NOT_SCORED, NOT_YET, stay.opened_at


def by_place(found: Iterable[Stay], beside: Iterable[Placement]) -> Mapping[int, Sequence[Placement]]:
    """Return for each stay the placements that are its own or in its bed."""
    in_bed, own = defaultdict(list), defaultdict(list)
    for each in beside:
        in_bed[each.source, each.bed].append(each)
        own[each.encounter].append(each)
    return {stay.id: [*own[stay.id], *(in_bed[stay.source, stay.bed] if stay.bed else ())] for stay in found}


def _nameless(found: Iterable[Stay], rows: Iterable[Any]) -> list[Bed]:
    """Return the beds whose newest observation names nobody."""
    named: dict[tuple[str, str | None], int] = {}
    for stay in found:
        place = stay.source, stay.bed
        named[place] = max(named.get(place, 0), stay.bed_at or 0)
    return [
        Bed(None, source, bed, Status.NO_PATIENT, None, max(since, named.get((source, bed), 0)), seen_at)
        for source, bed, since, seen_at in rows
        if seen_at > named.get((source, bed), 0)
    ]
