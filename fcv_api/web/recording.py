"""Whatever comes of a request is recorded before it is answered: predictions, refusals, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from flask import Response, request

from fcv_api import scoring
from fcv_api.alerts import policies
from fcv_api.alerts.live import follow_records
from fcv_api.domain.alerting import Alert
from fcv_api.domain.errors import TooManyEncounters, Unscorable
from fcv_api.domain.prediction import Refusal
from fcv_api.extensions.cursors import write_attempts
from fcv_api.ledger import replies
from fcv_api.ledger.record import append
from fcv_api.ledger.replies import AlreadyAnswered
from fcv_api.scoring import Outcome
from fcv_api.web import retries
from fcv_api.web.problem_details import problem_of
from fcv_api.web.requests import current_request, current_service
from fcv_api.wire.alerts import csv_with_alerts, with_alerts

JSON, CSV = "application/json", "text/csv"
View = TypeVar("View", bound=Callable[..., Any])


def recorded(view: View) -> View:
    """Answer a retry before its body is parsed, and record a fact that the parser or the view raises.

    Beneath `authenticated`: a record and a key are one user's.
    """

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        first = retries.answer_of_first() if retries.KEY in request.headers else None
        if first:
            return first
        try:
            return view(*args, **kwargs)
        except Unscorable as fact:
            refusals = _refusals(fact)
            if not refusals:
                raise
            return record_and_answer(refusals, problem_of(fact))

    return answered  # type: ignore[return-value]


def record_and_answer(outcomes: Sequence[Outcome], response: Response, *, located: bool = False) -> Response:
    """Record what came of this request, and return its response; the first one, where its key came twice at one moment.

    located: the response says where the record is. It is kept for retries in the transaction of its records, so that
    no crash can part them. Raises SQLAlchemyError, and then there must be no answer but that.
    """
    service, context = current_service(), current_request()
    context.outcomes, context.warnings = outcomes, _codes(outcomes)
    if not service.records:
        return response
    known = policies.known()  # a look of its own, once a second: not within the transaction
    caller = context.caller()
    entries = [scoring.entry_of(outcome, caller, service.runtime) for outcome in outcomes]
    asked = context.asked if context.asked and retries.are_kept(outcomes, response) else None
    packed = retries.packed(response) if asked and not located else b""
    body = response.get_data() if known else b""
    try:
        for attempt in write_attempts():
            with attempt as cursor:
                records = append(cursor, entries)
                held = follow_records(cursor, records, known) if known else []
                if any(held):
                    _say_alerts(response, body, held)
                    packed = b""  # what was packed before lacks them
                elif known:
                    response.set_data(body)  # an attempt that was lost may have put one in
                if located:
                    response.headers["Location"] = f"/predictions/{records[0].id}"
                if asked:
                    replies.keep(cursor, asked, packed or retries.packed(response))
    except AlreadyAnswered as found:
        return retries.again(found.reply)
    return response


def _say_alerts(response: Response, body: bytes, held: Sequence[Alert | None]) -> None:
    """Put the alerts that hold into an answer, which was made before the record's lock was taken.

    body: the answer without them.
    """
    if response.mimetype == JSON:
        response.set_data(with_alerts(body, held))
    elif response.mimetype == CSV:
        response.set_data(csv_with_alerts(body.decode(), held, current_request().dialect))


def _codes(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the codes of the warnings that some outcomes carry, each once."""
    return sorted({each.code for one in outcomes if not isinstance(one, Refusal) for each in one.warnings})


def check_count(encounters: int) -> None:
    """Raise TooManyEncounters for more than one request may have: nobody else records meanwhile."""
    most = current_service().max_encounters
    if encounters > most:
        raise TooManyEncounters(encounters, most)


def _refusals(fact: Unscorable) -> list[Refusal]:
    """Return a refusal for each encounter that is known to be refused for a fact. Raises TooManyEncounters."""
    encounter = current_request().encounter
    whose = fact.encounters or (() if encounter is None else (encounter,))
    check_count(len(whose))
    return [Refusal(each, fact) for each in whose]
