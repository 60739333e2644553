"""*Seen by*: a person marks a record. It changes nothing but the mark."""

from __future__ import annotations

from flask import make_response, redirect
from flask.wrappers import Response

from fcv_api.alerts.query import mark_seen as see_alert
from fcv_api.ledger import query, seen
from fcv_api.web.audit import log_event
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.ward import bp
from fcv_api.web.ward.alerted import by_encounter
from fcv_api.web.ward.forms import form_of
from fcv_api.web.ward.recent import microseconds
from fcv_api.web.ward.session import MARKS, signed_in, this_session
from fcv_api.web.ward.ways import way_back


def _see_alerts(record_id: str, by: str) -> None:
    """Mark the alerts that this record's patient had by then as seen. It silences none, and ends none."""
    record = query.find(record_id)
    if record is None:
        return
    for each in by_encounter().get(record.encounter, ()):
        if each.alert.raised_at <= microseconds(record.at):
            see_alert(record.encounter, by, each.alert.cause)


@bp.post("/ward/seen")
@signed_in(*MARKS)
def mark_seen() -> Response:
    """Mark a record as seen by whoever is signed in. Fields: `record`, `csrf_token`, and `next` for the way back."""
    fields = form_of(this_session())
    record = fields.get("record", "")
    if not seen.mark(record.replace("\0", ""), this_session().account.id):
        raise ProblemRaised("not-found", "There is no such record.")
    _see_alerts(record, this_session().account.username)
    log_event("seen", record=record)
    return make_response(redirect(way_back(fields.get("next")), 303))
