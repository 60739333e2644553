"""From a Bundle that was read to what the store takes, with identifiers hashed; and what came of each entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fcv_api.domain.arrivals import FUTURE
from fcv_api.domain.observations import IMPLAUSIBLE, STATIC_CODES, Observation, Posted
from fcv_api.feed.pseudonym import encounter_sent
from fcv_api.feed.store import HOUR, Arrival, Delivery, Taken
from fcv_api.fhir.reading import Reading
from fcv_api.fhir.reasons import Drop, FhirReason
from fcv_api.wire.hl7.patients import Identifier
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.source import Source


@dataclass(frozen=True, slots=True)
class Addressed:
    """A Bundle's delivery, and of each row its number and its encounter."""

    delivery: Delivery
    rows: Sequence[tuple[int, int, Observation]]


def addressed(reading: Reading, source: Source, key: str, arrival: Arrival) -> Addressed:
    """Return what a Bundle brings, in the order in which its encounters first appear."""
    numbers: dict[Identifier, int] = {}
    rows, by_encounter = [], dict[int, list[Observation]]()
    for visit, row in reading.rows:
        if visit.identifier not in numbers:
            numbers[visit.identifier] = encounter_sent(visit.identifier, source, key)
        encounter = numbers[visit.identifier]
        rows.append((row.number, encounter, row.observation))
        by_encounter.setdefault(encounter, []).append(row.observation)
    posted = [Posted(encounter, said) for encounter, said in by_encounter.items()]
    return Addressed(Delivery(posted, arrival), rows)


def refused(own: Addressed, taken: Mapping[int, Taken]) -> list[Drop]:
    """Return the rows that the store did not take: of another source's stay, too old, or ahead of the clock."""
    arrival = own.delivery.arrival
    oldest, newest = arrival.now - arrival.hours * HOUR, arrival.now + FUTURE
    found = []
    for number, encounter, said in own.rows:
        result = taken[encounter]
        if said.key.at > newest:
            found.append(Drop(number, FhirReason.FUTURE))
        elif result.counts["too_old"] and said.key.at < oldest and said.key.sign not in STATIC_CODES:
            found.append(Drop(number, FhirReason.TOO_OLD))
        elif result.other_source:
            found.append(Drop(number, FhirReason.OTHER_SOURCE))
    return found


def counts_of(reading: Reading) -> Counter[str]:
    """Return what is counted of a Bundle, as of a message: that it came, and why what is no row is none."""
    counts = Counter(["messages", *(each.reason.value for each in reading.dropped)])
    counts[Reason.OUTSIDE_LIMITS.value] += sum(IMPLAUSIBLE in row.observation.flag for _visit, row in reading.rows)
    return counts
