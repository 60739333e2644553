"""From a message that was read to what the store takes: identifiers hashed, bed and time of sending, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fcv_api.domain.arrivals import FUTURE
from fcv_api.domain.observations import IMPLAUSIBLE, Observation, Posted
from fcv_api.domain.vitals import INDEX_BY_CODE
from fcv_api.feed.pseudonym import encounter_sent
from fcv_api.feed.store import Arrival, Delivery
from fcv_api.mllp.site import Site
from fcv_api.wire.hl7.observation import Row
from fcv_api.wire.hl7.reading import Group, Reading
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.source import Source

TIME_OF_ARRIVAL = "time-of-arrival"
"""Counted where MSH-7 is not when a message was sent."""


def delivery_of(reading: Reading, source: Source, site: Site, now: int) -> Delivery:
    """Return what a message brings. now: when it arrived, in microseconds."""
    sent_at = now if is_unclear(reading, now) or reading.sent_at is None else reading.sent_at
    arrival = Arrival(source.label, now, sent_at, site.hours)
    by_encounter: dict[int, list[Group]] = {}
    for group in reading.groups:
        if group.identifier is not None:
            by_encounter.setdefault(encounter_sent(group.identifier, source, site.key), []).append(group)
    offset = None if reading.sent_at is None else reading.sent_at - now
    if reading.discharges:
        return Delivery((), arrival, closed=sorted(by_encounter), clock_offset=offset)
    posted = [_posted(encounter, groups, source) for encounter, groups in by_encounter.items()]
    unnamed = [
        (each.bed, each.newest)
        for each in reading.groups
        if each.identifier is None and each.bed and each.newest is not None
    ]
    said = [each for each in posted if each.observations or each.repeated]
    return Delivery(said, arrival, unnamed, clock_offset=offset)


def is_unclear(reading: Reading, now: int) -> bool:
    """Return whether MSH-7 does not say when a message was sent: the time of arrival is taken then, and counted."""
    return reading.sent_at is None or reading.sent_at > now + FUTURE


def _posted(encounter: int, groups: Iterable[Group], source: Source) -> Posted:
    own: list[Observation] = []
    repeated: list[Observation] = []
    for row in (row for group in groups for row in group.rows):
        (repeated if _may_repeat(row, source) else own).append(row.observation)
    return Posted(encounter, own, repeated)


def _may_repeat(row: Row, source: Source) -> bool:
    """Return whether a monitor may only repeat a value: a sign of the source's list, without a time of its own."""
    return bool(source.repeats) and not row.timed and INDEX_BY_CODE[row.observation.key.sign] in source.repeats


def counts_of(reading: Reading, now: int) -> Counter[str]:
    """Return what is counted of a message: that it came, its answer, and why what is no row is none."""
    counts = Counter(["messages", reading.ack.value, *(each.reason.value for each in reading.dropped)])
    if reading.groups and is_unclear(reading, now):
        counts[TIME_OF_ARRIVAL] += 1
    rows = (row for group in reading.groups for row in group.rows)
    counts[Reason.OUTSIDE_LIMITS.value] += sum(IMPLAUSIBLE in row.observation.flag for row in rows)
    return counts
