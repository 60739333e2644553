"""One Observation read into an observation of the memory of beds, or the reason why it is none."""

from __future__ import annotations

from fcv_api.domain.observations import CORRECTION, DELETION, FINAL, Key
from fcv_api.domain.observations import Observation as Said
from fcv_api.domain.vitals import SIGNS
from fcv_api.fhir.encounters import Index, Visit, channel_of, visit_of
from fcv_api.fhir.reasons import AnyReason, FhirReason
from fcv_api.fhir.resources import Observation
from fcv_api.fhir.signs import sign_of
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


def read_observation(observation: Observation, source: Source, index: Index) -> tuple[Visit, Said] | AnyReason:
    """Read an Observation. index: the Encounters of its Bundle. A correction without a usable value deletes."""
    concept = observation.code
    named = sign_of((concept and concept.coding) or (), source)
    if isinstance(named, Reason):
        return named
    placed = _excluded(observation, source) or _placed(observation, index)
    if not isinstance(placed, tuple):
        return placed
    visit, at = placed
    status = STATUSES[observation.status or ""]
    key = Key(SIGNS[named.sign].code, at, channel_of(observation.device), named.name)
    found = _value(observation, named.sign, source)
    if status == DELETION or (status == CORRECTION and not isinstance(found, Measured)):
        return visit, Said(key, status, None, bed=visit.bed)
    if not isinstance(found, Measured):
        return found
    return visit, Said(key, status, found.value, found.unit, " ".join(found.flags), visit.bed)


def _placed(observation: Observation, index: Index) -> tuple[Visit, int] | AnyReason:
    """Return whose an Observation is, and its time in microseconds."""
    visit, at = visit_of(observation.encounter, index), time_of(observation)
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
    meta = observation.meta
    labels = [*(meta.security or ()), *(meta.tag or ())] if meta else []
    is_test = any(each.code == TEST_DATA for each in labels)
    return Reason.NOT_MEASURED if is_test and not source.test else None


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
    unit = unit_named([plain(quantity.unit or ""), plain(quantity.code or "")], source)
    return measured(quantity.value, sign, unit)
