"""`/observations`' answer: what came of each encounter's rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from marshmallow import Schema, fields

from fcv_api.domain.bad_cells import Cell
from fcv_api.wire.observations import ReadObservations, Wrong

OTHER_SOURCE = "other-source: the rows of this encounter come from another source"
COUNTED = {
    "new": "Observations that were not known.",
    "same": "Repetitions, and what a later statement or a correction outranks.",
    "replaced": "Observations that have another value now.",
    "deleted": "Observations that were deleted.",
    "too_old": "Older than FCV_OBSERVATION_HOURS: not stored.",
    "future": "More than 2 minutes ahead: not stored.",
}


class Taken(Protocol):
    """What was done with an encounter's rows that could be read."""

    @property
    def counts(self) -> Mapping[str, int]:
        """By the names of `COUNTED`."""

    @property
    def other_source(self) -> bool:
        """Whether nothing was done, since the stay is another source's."""


class RowErrorSchema(Schema):
    """One cell that is wrong."""

    row = fields.String(
        required=True, allow_none=True, metadata={"description": "Its key or line; null for all rows together."}
    )
    column = fields.String(required=True)
    reason = fields.String(required=True)


class _WrongRowsSchema(Schema):
    errors = fields.List(fields.Nested(RowErrorSchema), required=True, metadata={"description": "At most 20."})
    more_errors = fields.Integer(metadata={"description": "How many there are beside those; absent for none."})


class TakenSchema(_WrongRowsSchema):
    """What came of one encounter's rows."""

    idAtencion = fields.Integer(required=True, metadata={"format": "int64"})  # noqa: N815
    new, same, replaced, deleted, too_old, future = (
        fields.Integer(required=True, metadata={"description": words}) for words in COUNTED.values()
    )


class ObservationsAnswerSchema(_WrongRowsSchema):
    """What came of a request's rows. `errors` are those of rows that name no encounter."""

    results = fields.List(fields.Nested(TakenSchema), required=True)


def answer_of(read: ReadObservations, taken: Sequence[Taken]) -> dict[str, Any]:
    """Return the answer, with one result an encounter, in the order in which they came."""
    results = [
        {"idAtencion": posted.encounter, **done.counts, **_errors(_wrong(read, posted.encounter, done))}
        for posted, done in zip(read.posted, taken, strict=True)
    ]
    return {"results": results, **_errors(read.wrong.get(None, Wrong()))}


def _wrong(read: ReadObservations, encounter: int, taken: Taken) -> Wrong:
    """Return what is wrong with an encounter's rows: all of them, where it is another source's."""
    wrong = read.wrong.get(encounter, Wrong())
    rows: Iterable[str] = read.rows[encounter] if taken.other_source else ()
    for row in rows:
        wrong.add(Cell("idAtencion", row, OTHER_SOURCE))
    return wrong


def _errors(wrong: Wrong) -> dict[str, Any]:
    named = [{"row": each.shown_row, "column": each.column, "reason": each.reason} for each in wrong.cells]
    more = wrong.count - len(named)
    return {"errors": named} | ({"more_errors": more} if more else {})


def example_observations() -> dict[str, Any]:
    """Build a body of `/observations`: a minute of a monitor, a correction, and a row that fails alone."""
    rows = (
        ("MDC_ECG_HEART_RATE", 84.0, "2024-03-03T09:29:41-05:00", "F"),
        ("MDC_PULS_OXIM_SAT_O2", 97.0, "2024-03-03T09:29:43-05:00", "F"),
        ("MDC_TTHOR_RESP_RATE", 18.0, "2024-03-03T09:29:44-05:00", "C"),
        ("MDC_TEMP", "warm", "2024-03-03T09:29:45-05:00", "F"),
    )
    names, values, times, statuses = (dict(zip("0123", column, strict=True)) for column in zip(*rows, strict=True))
    columns = {"nomSigno": names, "valor": values, "fecRegistro": times, "estado": statuses}
    return {"idAtencion": dict.fromkeys("0123", 5501), "cama": dict.fromkeys("0123", "UCI-04")} | columns


def example_observations_answer() -> dict[str, Any]:
    """Build an answer to it, as of that minute."""
    wrong = {"row": "3", "column": "valor", "reason": "must be a number or null, not text"}
    counts = dict.fromkeys(COUNTED, 0) | {"new": 3}
    return {"results": [{"idAtencion": 5501, **counts, "errors": [wrong]}], "errors": []}


def example_observations_csv() -> str:
    """Build the same request as CSV."""
    body = example_observations()
    rows = zip(*(column.values() for column in body.values()), strict=True)
    return "\n".join([",".join(body), *(",".join(map(str, row)) for row in rows), ""])
