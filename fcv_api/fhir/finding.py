"""Which stays an asker means: by the number that `/beds` gives, or by an identifier, which is hashed to find them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fcv_api.domain.stays import Stay
from fcv_api.feed import status, stays
from fcv_api.feed.pseudonym import encounter_sent
from fcv_api.fhir.encounters import REFERENCE
from fcv_api.fhir.site import FhirSite
from fcv_api.wire.cells import LARGEST_ID
from fcv_api.wire.hl7.patients import ACCOUNT, CANONICAL, VISIT, Identifier

ENCOUNTERS = "urn:fcv:encounter"
"""The system of the numbers that `/beds` gives."""
MOST_ASKED = 20
"""Encounters of one search, with commas between them."""


class WrongSearch(Exception):
    """Nobody can say which encounter is asked for. The message quotes nothing of it."""

    code = "invalid-query"


class Found(NamedTuple):
    """A stay that is asked for. stay: None for a number of which no stay is held any more."""

    encounter: int
    stay: Stay | None


def found(asked: str, site: FhirSite) -> list[Found]:
    """Return the stays that a search names. Raises WrongSearch."""
    words = [each for each in asked.split(",") if each]
    if not 1 <= len(words) <= MOST_ASKED:
        raise WrongSearch(f"encounter must name 1 to {MOST_ASKED} encounters, each as SYSTEM|VALUE or by its number.")
    sources = sorted({each.name for each in status.sources()})
    numbers = {number: None for word in words for number in _numbers(word, sources, site)}
    known = {each.id: each for each in stays.numbered([each for each in numbers if each is not None])}
    wanted = {(number, source) for word in words for number, source in _candidates(word, sources, site)}
    return [
        Found(number, known.get(number))
        for number in numbers
        if (number, None) in wanted or (number in known and (number, known[number].source) in wanted)
    ]


def _numbers(word: str, sources: Iterable[str], site: FhirSite) -> Iterator[int]:
    return (number for number, _source in _candidates(word, sources, site))


def _candidates(word: str, sources: Iterable[str], site: FhirSite) -> Iterator[tuple[int, str | None]]:
    """Yield the encounters that a word may mean, each with the source that a stay must be of; None for any."""
    system, bar, value = word.rpartition("|")
    if not bar and "/" in word:
        identifiers = [Identifier(REFERENCE, "", word, is_visit=False)]
    elif bar and value and system != ENCOUNTERS:
        identifiers = [Identifier(kind, system, value, is_visit=True) for kind in (VISIT, ACCOUNT)]
    elif CANONICAL.fullmatch(value) and int(value) <= LARGEST_ID:
        yield int(value), None
        return
    else:
        raise WrongSearch("encounter must be SYSTEM|VALUE, or the number that GET /beds gives.")
    for label in sources:
        source = site.source_labelled(label)
        yield from ((encounter_sent(each, source, site.key), label) for each in identifiers)
