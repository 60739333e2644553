"""What a Bundle is answered: by a batch's or a transaction's own Bundle, else by one OperationOutcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcv_api.fhir.outcome import is_error, issue_of, outcome
from fcv_api.fhir.reading import Reading
from fcv_api.fhir.reasons import AnyReason, Drop, FhirReason

RESPONSES = {"batch": "batch-response", "transaction": "transaction-response"}
TAKEN, WRONG = "200 OK", "422 Unprocessable Entity"
STATUS: dict[AnyReason, str] = {
    FhirReason.NOT_OFFERED: "405 Method Not Allowed",
    FhirReason.OTHER_SOURCE: "409 Conflict",
}


def answer_of(reading: Reading, refused: Sequence[Drop]) -> dict[str, Any]:
    """Return the answer to a Bundle: one issue for each entry that is no observation, and none for those taken.

    A transaction is answered as a batch is: a wrong entry fails alone, for the others are of a patient.
    """
    by_number = {each.number: each for each in (*reading.dropped, *refused)}
    kind = RESPONSES.get(reading.kind)
    if kind is None:
        return outcome(issue_of(by_number[number]) for number in sorted(by_number))
    taken = {"response": {"status": TAKEN}}
    entries = [_entry(by_number[number]) if number in by_number else taken for number in range(1, reading.size + 1)]
    return {"resourceType": "Bundle", "type": kind} | ({"entry": entries} if entries else {})


def _entry(drop: Drop) -> dict[str, Any]:
    status = STATUS.get(drop.reason, WRONG if is_error(drop) else TAKEN)
    return {"response": {"status": status, "outcome": outcome([issue_of(drop)])}}
