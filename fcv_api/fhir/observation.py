"""One Observation read into an observation of the memory of beds, or the reason why it is none."""

from __future__ import annotations

from functools import lru_cache

from fcv_api.domain.observations import CORRECTION, DELETION, FINAL, Key
from fcv_api.domain.observations import Observation as Said
from fcv_api.domain.units import Unit
from fcv_api.domain.vitals import SIGNS
from fcv_api.fhir.encounters import Visit, Visits, channel_of
from fcv_api.fhir.reasons import AnyReason, FhirReason
from fcv_api.fhir.resources import Meta, Observation
from fcv_api.fhir.signs import PLAIN, sign_of
from fcv_api.fhir.times import time_of
from fcv_api.wire.hl7.characters import plain
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.hl7.values import Measured, measured, unit_named

STATUSES = {
    "final": FINAL,
    "amended": CORRECTION,
    "corrected": CORRECTION,
    "entered-in-error": DELETION,
    "preliminary": "P",
    "unknown": "",
}
"""As HL7 v2 writes them: a final one outranks one that is preliminary or of unknown status."""
NO_RESULT = ("registered", "cancelled")
TEST_DATA = "HTEST"
"""Of HL7's ActReason: no patient's."""


def read_observation(observation: Observation, source: Source, visits: Visits) -> tuple[Visit, Said] | AnyReason:
    """Read an Observation. A correction without a usable value deletes."""
    concept = observation.code
    named = sign_of((concept and concept.coding) or (), source)
    if isinstance(named, Reason):
        return named
    placed = _excluded(observation, source) or _placed(observation, visits)
    if not isinstance(placed, tuple):
        return placed
    visit, at = placed
    status = STATUSES[observation.status or ""]
    key = Key(SIGNS[named.sign].code, at, channel_of(observation.device) if observation.device else "", named.name)
    found = _value(observation, named.sign, source)
    if status == DELETION or (status == CORRECTION and not isinstance(found, Measured)):
        return visit, Said(key, status, None, bed=visit.bed)
    if not isinstance(found, Measured):
        return found
    return visit, Said(key, status, found.value, found.unit, " ".join(found.flags) if found.flags else "", visit.bed)


def _placed(observation: Observation, visits: Visits) -> tuple[Visit, int] | AnyReason:
    """Return whose an Observation is, and its time in microseconds."""
    visit, at = visits.of(observation.encounter), time_of(observation)
    if visit is None:
        return Reason.NO_ENCOUNTER
    return at if isinstance(at, Reason) else (visit, at)


def _excluded(observation: Observation, source: Source) -> AnyReason | None:
    """Return why an Observation of one of the nine signs is no measurement of a patient."""
    if observation.modifier_extension:
        return FhirReason.MODIFIED
    if observation.status in NO_RESULT:
        return Reason.NO_RESULT
    if observation.status not in STATUSES:
        return FhirReason.NO_STATUS
    return Reason.NOT_MEASURED if observation.meta and not source.test and _is_test(observation.meta) else None


def _is_test(meta: Meta) -> bool:
    return any(each.code == TEST_DATA for each in (*(meta.security or ()), *(meta.tag or ())))


def _value(observation: Observation, sign: int, source: Source) -> Measured | AnyReason:
    """Return the value in the sign's own unit: by the unit's code, else by how it is written for people."""
    if observation.data_absent_reason is not None:
        return FhirReason.ABSENT
    quantity = observation.value_quantity
    if quantity is None:
        whole = observation.value_integer
        return Reason.NO_VALUE if whole is None else measured(float(whole), sign, None)
    if quantity.comparator is not None:
        return FhirReason.COMPARATOR
    if quantity.value is None:
        return Reason.NO_VALUE
    words = quantity.unit or "", quantity.code or ""
    return measured(quantity.value, sign, _unit(*words, source) if source.units else _known_unit(*words))


def _unit(unit: str, code: str, source: Source) -> Unit | str | None:
    return unit_named([plain(unit), plain(code)], source)


@lru_cache(1024)  # a monitor writes the same ones with each value
def _known_unit(unit: str, code: str) -> Unit | str | None:
    return _unit(unit, code, PLAIN)
