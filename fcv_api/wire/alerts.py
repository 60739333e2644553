"""The member `alert` of an answer: present only under an active policy, while an alert holds."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

import orjson

from fcv_api.domain.alerting import Alert
from fcv_api.domain.instants import utc
from fcv_api.domain.policy import SEVERITY
from fcv_api.domain.prediction import State
from fcv_api.wire.answer import STATE_NAMES
from fcv_api.wire.csv_rows import Dialect


def alert_as_wire(alert: Alert) -> dict[str, Any]:
    """Return an alert by its names on the wire."""
    return {
        "policy": alert.policy,
        "cause": cause_as_wire(alert.cause),
        "raised_at": utc(alert.raised_at),
        "new": alert.new,
        "silenced_until": utc(alert.silenced_until),
    }


def cause_as_wire(cause: str) -> str:
    """Return a class as `State` writes it; a warning is what it is."""
    return STATE_NAMES[State(cause)] if cause in SEVERITY else cause


def cause_of(text: str) -> str:
    """Return the cause that `cause_as_wire` wrote."""
    return {name: state.value for state, name in STATE_NAMES.items()}.get(text, text)


def with_alerts(body: bytes, alerts: Sequence[Alert | None]) -> bytes:
    """Return an answer's JSON with the alerts of its outcomes, in their order. A refusal has none."""
    answer = orjson.loads(body)
    results = answer.get("results", [answer])
    for result, alert in zip(results, alerts, strict=True):
        if alert:
            result["alert"] = alert_as_wire(alert)
    return orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)


def csv_with_alerts(text: str, alerts: Sequence[Alert | None], dialect: Dialect) -> str:
    """Return a batch's CSV with two more columns: the cause of each alert, and whether it is new."""
    head, *rows = csv.reader(StringIO(text, newline=""), delimiter=dialect.separator)
    file = StringIO()
    writer = csv.writer(file, delimiter=dialect.separator)
    writer.writerow((*head, "alert", "alert_new"))
    for row, alert in zip(rows, alerts, strict=True):
        said = (cause_as_wire(alert.cause), str(alert.new).lower()) if alert else ("", "")
        writer.writerow((*row, *said))
    return file.getvalue()
