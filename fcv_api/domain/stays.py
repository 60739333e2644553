"""Whose bed it is: what follows for a stay from when it was last observed where. All times are in microseconds, UTC.

Everything is read from the newest times and from slots, so that no order of arrival changes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

MINUTE = 60_000_000
SLOT = 5 * MINUTE
SILENT_AFTER = 10 * MINUTE
"""Without a moving sign."""
CLOSED_AFTER = 12 * 60 * MINUTE
"""Of silence."""
STAYS_CLOSED = 5 * MINUTE
"""After it was closed by hand or by an ADT^A03: what a monitor still sends then reopens nothing."""
ACCOUNT, TEST = "api:", "test:"
"""Before the name of an account that sends rows itself, and of a test source: never the name of a real gateway."""


def is_of_test(source: str) -> bool:
    """Return whether a source is a test system: its beds, records and alerts are kept apart from real ones."""
    return source.startswith(TEST)


@dataclass(frozen=True, slots=True)
class Stay:
    """One encounter, as observed.

    bed, bed_at: the bed that its newest observation with a bed names, and that one's time. opened_at, seen_at: the
    times of its oldest and newest observation. moving_at: of the newest of a moving sign. ended_at: when it was closed
    by hand or by a message that names it. corrected_at: when the last correction or deletion arrived.
    """

    id: int
    source: str
    bed: str | None
    bed_at: int | None
    opened_at: int
    seen_at: int
    moving_at: int | None
    ended_at: int | None = None
    corrected_at: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it was closed by hand or by a message, and nothing newer has reopened it."""
        return self.ended_at is not None and self.seen_at <= self.ended_at + STAYS_CLOSED

    @property
    def is_of_test(self) -> bool:
        """Whether a test source sends it."""
        return is_of_test(self.source)


@dataclass(frozen=True, slots=True)
class Placement:
    """A stay was observed in a bed of its source within a slot. slot: its end."""

    source: str
    bed: str
    slot: int
    encounter: int


def slot_of(at: int) -> int:
    """Return the end of the slot of an instant: (10:00, 10:05] is the slot of 10:05."""
    return -(-at // SLOT) * SLOT


def closed_since(stay: Stay, beside: Iterable[Placement], now: int) -> int | None:
    """Return since when a stay is closed; None while it is open.

    It closes by hand or message, when the next stay is observed in its bed, and after 12 hours of silence.
    beside: at least the placements in its bed from its last slot there on.
    """
    ends = [stay.ended_at] if stay.ended and stay.ended_at is not None else []
    if stay.bed is not None and stay.bed_at is not None:
        own = slot_of(stay.bed_at)
        ends += [each.slot - SLOT for each in beside if _of_another(each, stay) and each.slot > own]
    if now - stay.seen_at >= CLOSED_AFTER:
        ends.append(stay.seen_at + CLOSED_AFTER)
    return min(ends, default=None)


def conflict_since(stay: Stay, beside: Iterable[Placement], ended: Collection[int]) -> int | None:
    """Return the start of the slot in which a stay was in two beds, or its bed had two stays; None where neither is so.

    It holds until a later slot in which the stay has one bed and the bed one stay. beside: at least all placements of
    the stay, and in its bed, in its last slot. ended: the stays that were closed by hand or message.
    """
    if stay.bed is None or stay.bed_at is None:
        return None
    slot = slot_of(stay.bed_at)
    same_slot = [each for each in beside if each.slot == slot and each.source == stay.source]
    two_beds = any(each.encounter == stay.id and each.bed != stay.bed for each in same_slot)
    two_stays = any(_of_another(each, stay) and each.encounter not in ended for each in same_slot)
    return slot - SLOT if two_beds or two_stays else None


def _of_another(placement: Placement, stay: Stay) -> bool:
    in_its_bed = (placement.source, placement.bed) == (stay.source, stay.bed)
    return in_its_bed and placement.encounter != stay.id
