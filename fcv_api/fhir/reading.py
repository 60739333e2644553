"""A Bundle read, entry by entry: a wrong entry fails alone, and the others go on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from msgspec.json import Decoder

from fcv_api.fhir.encounters import Visit, Visits, keys_of
from fcv_api.fhir.observation import read_observation
from fcv_api.fhir.reasons import Drop, FhirReason
from fcv_api.fhir.resources import Bundle, Encounter, Entry, Observation, Typed
from fcv_api.wire.hl7.observation import Row
from fcv_api.wire.hl7.source import Source

MOST_ENTRIES = 20_000
"""Of a Bundle: as of an HL7 message."""
NAMED = b'"Encounter"'
WRITES = (None, "POST", "PUT")
BUNDLE, ENTRY, OBSERVATION = Decoder(Bundle), Decoder(Entry), Decoder(Observation)
ENCOUNTER, TYPED = Decoder(Encounter), Decoder(Typed)
PATH = re.compile(r"\$((?:\.\w+|\[\.\.\.\]|\[\d+\])+)`?$", re.ASCII)
"""At the end of what msgspec says of a wrong element."""
Part = TypeVar("Part", Entry, Observation, Encounter, Typed)


class WrongBundle(Exception):
    """What came is no Bundle that is read. code: of its problem."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reading:
    """A Bundle that was read. kind: its type. size: how many entries it has. rows: each with whose it is."""

    kind: str
    size: int
    rows: Sequence[tuple[Visit, Row]]
    dropped: Sequence[Drop]


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What is wrong with the form of an entry or a resource."""

    path: str


def read_bundle(body: bytes, source: Source) -> Reading:
    """Read a Bundle of a source. Raises WrongBundle."""
    bundle = _bundle(body)
    entries = [_decoded(ENTRY, each) for each in bundle.entry or ()]
    beside = entries if NAMED in body else []
    index = {key: encounter for entry in beside for key, encounter in _encounters(entry)}
    visits = Visits(index)
    rows: list[tuple[Visit, Row]] = []
    dropped: list[Drop] = []
    for number, entry in enumerate(entries, 1):
        found = _observation(entry, number)
        if isinstance(found, Drop):
            dropped.append(found)
            continue
        own = Visits(index | _contained(found)) if found.contained else visits
        read = read_observation(found, source, own)
        if isinstance(read, tuple):
            rows.append((read[0], Row(number, read[1], timed=True)))
        else:
            dropped.append(Drop(number, read))
    return Reading(bundle.type or "", len(entries), rows, dropped)


def _bundle(body: bytes) -> Bundle:
    """Return a Bundle whose entries are not read yet. Raises WrongBundle."""
    try:
        bundle = BUNDLE.decode(body)
    except msgspec.ValidationError:
        raise WrongBundle("invalid-body", "The body is no Bundle of FHIR R4.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise WrongBundle("not-json", "The body is not JSON.") from None
    if bundle.resource_type != "Bundle":
        raise WrongBundle("invalid-body", "The body is no Bundle: send Observations as the entries of one.")
    if len(bundle.entry or ()) > MOST_ENTRIES:
        raise WrongBundle("table-too-large", f"A Bundle may have {MOST_ENTRIES} entries.")
    return bundle


def _decoded(decoder: Decoder[Part], raw: msgspec.Raw) -> Part | _Wrong:
    """Return a part, or what is wrong with its form: its path alone, for its text may quote a patient's data."""
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        found = PATH.search(str(error))
        return _Wrong(found[1].replace("[...]", "").lstrip(".") if found else "")


def _observation(entry: Entry | _Wrong, number: int) -> Observation | Drop:
    """Return the Observation of an entry, or why it has none."""
    if isinstance(entry, _Wrong):
        return Drop(number, FhirReason.WRONG_FORM, entry.path)
    if (entry.request.method if entry.request else None) not in WRITES:
        return Drop(number, FhirReason.NOT_OFFERED, "request.method")
    found = _decoded(OBSERVATION, entry.resource)
    if isinstance(found, Observation) and found.resource_type == "Observation":
        return found
    typed = _decoded(TYPED, entry.resource)
    if isinstance(typed, Typed) and typed.resource_type != "Observation":
        return Drop(number, FhirReason.NO_OBSERVATION, "resource")
    path = found.path if isinstance(found, _Wrong) else ""
    return Drop(number, FhirReason.WRONG_FORM, f"resource.{path}".rstrip("."))


def _encounters(entry: Entry | _Wrong) -> Iterator[tuple[str, Encounter]]:
    """Yield the Encounter of an entry by each of its keys, where it is one."""
    if isinstance(entry, Entry) and NAMED in bytes(entry.resource):
        found = _decoded(ENCOUNTER, entry.resource)
        if isinstance(found, Encounter) and found.resource_type == "Encounter":
            yield from ((key, found) for key in keys_of(found, entry.full_url))


def _contained(observation: Observation) -> dict[str, Encounter]:
    """Return the Encounters within an Observation."""
    found = [_decoded(ENCOUNTER, each) for each in observation.contained or ()]
    return {f"#{each.id}": each for each in found if isinstance(each, Encounter) and each.resource_type == "Encounter"}
