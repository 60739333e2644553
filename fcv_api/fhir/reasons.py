"""Why an entry is no observation: codes that are shown, counted by source, and tabled in docs/fhir.md."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from fcv_api.wire.hl7.reasons import Reason

INFORMATION, WARNING, ERROR = "information", "warning", "error"


class FhirReason(StrEnum):
    """What HL7 v2 has no reason for."""

    WRONG_FORM = "wrong-form"
    NO_OBSERVATION = "no-observation"
    NOT_OFFERED = "not-offered"
    MODIFIED = "modifier-extension"
    NO_STATUS = "no-status"
    COMPARATOR = "comparator"
    ABSENT = "absent"
    TOO_OLD = "too-old"
    FUTURE = "future"
    OTHER_SOURCE = "other-source"


AnyReason = Reason | FhirReason


class Said(NamedTuple):
    """A reason's words. code: of FHIR's issue types. element: of the Observation; empty for the entry itself."""

    severity: str
    code: str
    words: str
    element: str = ""


WORDS: dict[AnyReason, Said] = {
    FhirReason.WRONG_FORM: Said(ERROR, "structure", "The entry is not of the form that FHIR R4 gives it."),
    FhirReason.NO_OBSERVATION: Said(INFORMATION, "not-supported", "This is no Observation: nothing of it is kept."),
    FhirReason.NOT_OFFERED: Said(ERROR, "not-supported", "Observations are taken by POST or PUT, and nothing else is."),
    FhirReason.MODIFIED: Said(
        ERROR, "extension", "It has a modifierExtension that is not known: it may mean something else.",
        "modifierExtension",
    ),
    FhirReason.NO_STATUS: Said(ERROR, "code-invalid", "Its status is none of FHIR R4's.", "status"),
    FhirReason.COMPARATOR: Said(
        WARNING, "value", "A value with a comparator is a bound, and no measurement.", "valueQuantity.comparator"
    ),
    FhirReason.ABSENT: Said(WARNING, "incomplete", "It says that its value is absent.", "dataAbsentReason"),
    FhirReason.TOO_OLD: Said(ERROR, "business-rule", "It is older than FCV_OBSERVATION_HOURS: not stored."),
    FhirReason.FUTURE: Said(ERROR, "business-rule", "It is over 2 minutes ahead of the service's clock: not stored."),
    FhirReason.OTHER_SOURCE: Said(ERROR, "conflict", "The stay belongs to another source: not stored.", "encounter"),
    Reason.OTHER_SIGN: Said(INFORMATION, "not-supported", "This is none of the nine signs that are read.", "code"),
    Reason.CODE_AND_NAME: Said(ERROR, "code-invalid", "Its codings name two different signs.", "code"),
    Reason.NOT_MEASURED: Said(WARNING, "business-rule", "It is labelled as test data: no patient's.", "meta"),
    Reason.NO_RESULT: Said(WARNING, "business-rule", "By its status it has no result.", "status"),
    Reason.SENTINEL: Said(WARNING, "value", "This is how monitors write that there is no value.", "valueQuantity"),
    Reason.NOT_ENTERED: Said(WARNING, "value", "A height or weight of 0 was not entered.", "valueQuantity"),
    Reason.NO_VALUE: Said(ERROR, "required", "It has no valueQuantity with a value.", "valueQuantity"),
    Reason.WRONG_UNIT: Said(ERROR, "value", "Its unit is not one of this sign.", "valueQuantity"),
    Reason.UNIT_MISSING: Said(ERROR, "value", "A temperature over 50 needs its unit, Cel or [degF].", "valueQuantity"),
    Reason.NO_TIME: Said(
        ERROR, "required", "It has no effectiveDateTime, no effectiveInstant, and no end of an effectivePeriod.",
        "effective",
    ),
    Reason.UNREADABLE_TIME: Said(ERROR, "value", "Its time is no instant: a date alone is none.", "effective"),
    Reason.AMBIGUOUS_TIME: Said(ERROR, "value", "Its time has no offset.", "effective"),
    Reason.NO_ENCOUNTER: Said(ERROR, "required", "It names no encounter.", "encounter"),
}  # fmt: skip


class Drop(NamedTuple):
    """An entry that is no observation, by its number from 1. path: of the element that is wrong, where it is known."""

    number: int
    reason: AnyReason
    path: str = ""
