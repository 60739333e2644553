"""Store observations: of all statements about one the greatest holds, whatever order they come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fcv_api.domain.arrivals import FUTURE
from fcv_api.domain.observations import (
    CORRECTION,
    DELETION,
    STATIC_CODES,
    Key,
    Observation,
    Posted,
    Statement,
    averaged,
    rank,
    says_the_same,
)
from fcv_api.extensions.cursors import write_attempts
from fcv_api.feed import arrivals, repeats, rows, sources, stays

HOUR = 3_600_000_000
COUNTS = ("new", "same", "replaced", "deleted", "too_old", "future")


class Arrival(NamedTuple):
    """How observations came. now, sent_at: in microseconds. hours: how long observations are kept."""

    source: str
    now: int
    sent_at: int
    hours: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one encounter's observations, by COUNTS; or that the stay is another source's."""

    encounter: int
    counts: Mapping[str, int]
    other_source: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came at once, a request or a message, in which an encounter comes once.

    unnamed: beds that sent without an encounter, each with a time. closed: stays of its source that the message closes,
    as of when it was sent. clock_offset: of the source's clock, in microseconds, where it is known.
    """

    posted: Sequence[Posted]
    arrival: Arrival
    unnamed: Sequence[tuple[str, int]] = ()
    closed: Sequence[int] = ()
    clock_offset: int | None = None

    @property
    def says_something(self) -> bool:
        """Whether there is anything to store."""
        return bool(self.posted or self.unnamed or self.closed)


def store(posted: Sequence[Posted], arrival: Arrival, unnamed: Iterable[tuple[str, int]] = ()) -> list[Taken]:
    """Store what came at once, in one transaction. Returns one result for each of `posted`, in that order."""
    found = store_all([Delivery(posted, arrival, list(unnamed))])[0]
    return [found[each.encounter] for each in posted]


def store_all(deliveries: Sequence[Delivery]) -> list[Mapping[int, Taken]]:
    """Store what came at several times in one transaction. Returns of each delivery what came of each encounter."""
    counted = sources.counted()
    heard = {each.arrival.source: each for each in deliveries}
    due = {name: counts for name in sorted(heard) if (counts := counted.take(name)) is not None}
    found: list[dict[int, Taken]] = [{} for _each in deliveries]
    if not due and not any(each.says_something for each in deliveries):
        return [*found]
    try:
        for attempt in write_attempts():
            with attempt as cursor:
                found = _store(cursor, deliveries)
                for name, counts in due.items():
                    sources.write(cursor, name, heard[name].arrival.now, counts)
                    sources.write_offset(cursor, name, heard[name].clock_offset)
    except BaseException:
        for name, counts in due.items():
            counted.put_back(name, counts)
        raise
    for delivery, taken in zip(deliveries, found, strict=True):
        counted.count(delivery.arrival.source, _total(taken))
    return [*found]


def _total(taken: Mapping[int, Taken]) -> Counter[str]:
    total = Counter({"other_source": sum(each.other_source for each in taken.values())})
    for each in taken.values():
        total.update(each.counts)
    return total


def _store(cursor: Any, deliveries: Sequence[Delivery]) -> list[dict[int, Taken]]:  # noqa: ANN401
    """Store by ascending encounter: two transactions that lock the same stays must not wait for each other."""
    before = arrivals.read(cursor)
    clock, oldest = before, []
    for each in deliveries:
        times = [one.key.at for own in each.posted for one in (*own.observations, *own.repeated)]
        clock = arrivals.after(clock, each.arrival.source, each.arrival.now, times)
        trusted = clock is None or clock.may_delete(each.arrival.now)
        oldest.append(each.arrival.now - each.arrival.hours * HOUR if trusted else None)
    found: list[dict[int, Taken]] = [{} for _each in deliveries]
    for encounter, index, own in _by_encounter(deliveries):
        if own is None:
            stays.discharged(cursor, encounter, deliveries[index].arrival.source, deliveries[index].arrival.sent_at)
        else:
            found[index][encounter] = _store_one(cursor, own, deliveries[index].arrival, oldest[index])
    for each in deliveries:
        recent = [bed for bed in each.unnamed if _is_recent(bed[1], each.arrival)]
        stays.unnamed(cursor, each.arrival.source, recent)
    if clock is not None and clock != before:
        arrivals.write(cursor, before, clock)
    return found


def _by_encounter(deliveries: Sequence[Delivery]) -> list[tuple[int, int, Posted | None]]:
    """Return what each delivery says of an encounter, by encounter, then in their order; None where it closes it."""
    posted = [(own.encounter, index, 0, own) for index, each in enumerate(deliveries) for own in each.posted]
    closed = [(encounter, index, 1, None) for index, each in enumerate(deliveries) for encounter in each.closed]
    ordered = sorted([*posted, *closed], key=lambda each: each[:3])
    return [(encounter, index, own) for encounter, index, _closes, own in ordered]


def _store_one(cursor: Any, posted: Posted, arrival: Arrival, oldest: int | None) -> Taken:  # noqa: ANN401
    counts = dict.fromkeys(COUNTS, 0)
    new = repeats.changed(cursor, posted.encounter, arrival.source, posted.repeated)
    timely = _timely((*posted.observations, *new), arrival.now, oldest, counts)
    if not timely:
        return Taken(posted.encounter, counts)
    if not stays.observed(cursor, posted.encounter, arrival.source, timely):
        return Taken(posted.encounter, dict.fromkeys(COUNTS, 0), other_source=True)
    kept = rows.held(cursor, posted.encounter, arrival.source, [each.key for each in timely])
    changed = {}
    for each in averaged(timely):
        statement = each.sent(arrival.sent_at)
        what, holds = _compared(kept.get(each.key), statement)
        counts[what] += 1
        if holds:
            kept[each.key] = changed[each.key] = statement
    cells = [(posted.encounter, arrival.source, *key, *said, arrival.now) for key, said in changed.items()]
    rows.write(cursor, cells)
    if any(each.status in (CORRECTION, DELETION) for each in changed.values()):
        stays.corrected(cursor, posted.encounter, arrival.now)
    return Taken(posted.encounter, counts)


def _timely(
    observations: Iterable[Observation], now: int, oldest: int | None, counts: dict[str, int]
) -> list[Observation]:
    """Return the observations that are neither too old nor ahead, and count the others."""
    timely = []
    for each in observations:
        if fault := _out_of_time(each.key, now, oldest):
            counts[fault] += 1
        else:
            timely.append(each)
    return timely


def _is_recent(at: int, arrival: Arrival) -> bool:
    return arrival.now - arrival.hours * HOUR <= at <= arrival.now + FUTURE


def _out_of_time(key: Key, now: int, oldest: int | None) -> str | None:
    """Return why an observation is not stored. Height and weight are charted once, and are never too old."""
    if key.at > now + FUTURE:
        return "future"
    too_old = oldest is not None and key.at < oldest and key.sign not in STATIC_CODES
    return "too_old" if too_old else None


def _compared(kept: Statement | None, statement: Statement) -> tuple[str, bool]:
    """Return what a statement is counted as, and whether it is written: a repeated one for the time it was sent."""
    if kept is not None and rank(statement) <= rank(kept):
        return "same", False
    if kept is not None and says_the_same(statement, kept):
        return "same", True
    if statement.status == DELETION:
        return "deleted", True
    return ("new" if kept is None else "replaced"), True
