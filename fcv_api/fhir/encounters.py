"""Whose an Observation is: the encounter that it names, and the bed that an Encounter beside it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fcv_api.fhir.resources import Encounter, Reference
from fcv_api.fhir.resources import Identifier as Named
from fcv_api.wire.hl7.characters import fitted, plain
from fcv_api.wire.hl7.patients import VISIT, Identifier
from fcv_api.wire.observation_cells import LONGEST_BED, LONGEST_CHANNEL

REFERENCE = "REF"
"""The kind of an identifier that is where a resource is."""
TYPE = "Encounter/"
LONGEST_VALUE = 1_000
OF_THIS_BUNDLE = ("#", "urn:uuid:", "urn:oid:")
"""How a reference begins that names nothing outside of its Bundle."""
AS_LOCATED = ("active", None)
"""The status of where a patient is now."""
Index = Mapping[str, Encounter]


class Visits:
    """The encounters that a Bundle's Observations name, each looked for once.

    beside: the Encounters of the Bundle, by what they are referred to by.
    """

    def __init__(self, beside: Index) -> None:
        self.beside = beside
        self._known: dict[tuple[str | None, ...], Visit | None] = {}

    def of(self, reference: Reference | None) -> Visit | None:
        """Return the encounter that a reference names; None where it names none."""
        if reference is None:
            return None
        named = reference.identifier
        key = (reference.reference, named.system, named.value) if named else (reference.reference,)
        if key not in self._known:
            self._known[key] = visit_of(reference, self.beside)
        return self._known[key]


class Visit(NamedTuple):
    """An encounter, and its bed; empty where nobody names one."""

    identifier: Identifier
    bed: str = ""


def keys_of(encounter: Encounter, full_url: str | None) -> list[str]:
    """Return what an Encounter of a Bundle is referred to by."""
    return [key for key in (full_url, f"{TYPE}{encounter.id}" if encounter.id else None) if key]


def visit_of(reference: Reference, index: Index) -> Visit | None:
    """Return the encounter that a reference names: by its identifier, else by where it is; None where it names none.

    index: the Encounters of the Bundle, by what they are referred to by.
    """
    where = plain(reference.reference).split("/_history/")[0] if reference.reference else ""
    beside = index.get(where) if where else None
    bed = _bed_of(beside) if beside else ""
    own = _identifier(reference.identifier) or (beside and _best(beside))
    if own:
        return Visit(own, bed)
    if not where or len(where) > LONGEST_VALUE:
        return None
    if where.startswith(OF_THIS_BUNDLE):
        if beside is None or not beside.id or where.startswith("#"):
            return None
        where = f"{TYPE}{beside.id}"
    return Visit(Identifier(REFERENCE, "", where, is_visit=False), bed)


def channel_of(device: Reference) -> str:
    """Return the channel of an Observation: the device that measured it; empty for none that has a lasting name."""
    where = plain(device.reference or "")
    lasting = "" if where.startswith(OF_THIS_BUNDLE) else where
    named = plain(device.identifier.value or "") if device.identifier else ""
    return fitted(named or lasting or plain(device.display or ""), LONGEST_CHANNEL)


def _identifier(named: Named | None) -> Identifier | None:
    if named is None or not named.value:
        return None
    value = plain(named.value)
    if not value or len(value) > LONGEST_VALUE:
        return None
    return Identifier(VISIT, plain(named.system or ""), value, is_visit=True)


def _best(encounter: Encounter) -> Identifier | None:
    """Return an Encounter's identifier: the number of the visit, else the first that is in use."""
    listed = [each for each in encounter.identifier or () if each.use != "old" and _identifier(each)]
    visits = [each for each in listed if each.type and any(one.code == VISIT for one in each.type.coding or ())]
    return _identifier((visits or listed)[0]) if listed else None


def _bed_of(encounter: Encounter) -> str:
    """Return the bed in which an Encounter says that its patient is, the last one that it names."""
    for place in reversed(encounter.location or ()):
        where = place.location
        if where is not None and place.status in AS_LOCATED:
            named = plain(where.identifier.value or "") if where.identifier else ""
            text = plain(where.display or "") or named or plain(where.reference or "")
            return fitted(text, LONGEST_BED) if any(each.isalnum() for each in text) else ""
    return ""
