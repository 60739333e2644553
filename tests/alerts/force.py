"""A policy in force at once, records that it follows, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from recorded import PREDICTION

from fcv_api.alerts import policies, query
from fcv_api.alerts.live import follow_records
from fcv_api.alerts.policies import Activation, Wanted
from fcv_api.alerts.replays import replay
from fcv_api.domain.alerting import Alert
from fcv_api.domain.policy import Policy
from fcv_api.extensions.cursors import write_attempts
from fcv_api.ledger.query import Wanted as WantedRecords
from fcv_api.ledger.query import stream
from fcv_api.ledger.record import Entry, append, utc_text

MODEL = "c" * 64
TEXT = """
name = "ours"
version = "1.0.0"
silence_minutes = 60
warnings = ["critical_value", "trend"]

[score]
threshold = 0.3
"""
POLICY = Policy.read(TEXT)
START = datetime(2024, 3, 3, 9, 30, tzinfo=UTC)


def enforce(text: str = TEXT, model_sha256: str = MODEL) -> Activation:
    """Put a policy in force from now on."""
    return policies.activate(Wanted(text, ("m", "1", model_sha256), "{}", "eva", "a trial"), after=0)


def scored(minute: int, shock: float = 0.0, *, warnings: Sequence[tuple[str, str]] = (), **more: Any) -> Entry:
    """Return a prediction of a window that ends so many minutes after the start."""
    probabilities = {
        "cardiac_arrest": 0,
        "low_cardiac_output": 0,
        "none_of_these": 1 - shock,
        "cardiogenic_shock": shock,
    }
    return PREDICTION._replace(
        window_last=utc_text(START + timedelta(minutes=minute)),
        probabilities=orjson.dumps(probabilities).decode(),
        warnings=orjson.dumps([{"code": code, "sign": sign} for code, sign in warnings]).decode(),
        **more,
    )


def record(*entries: Entry) -> list[Alert | None]:
    """Record entries in one transaction, as the doors do, and return what each answer says."""
    known, held = policies.known(), list[Alert | None]()
    for attempt in write_attempts():
        with attempt as cursor:
            held = follow_records(cursor, append(cursor, entries), known)
    return held


Happened = tuple[int, int, str, str, int, str | None]


def happened() -> list[Happened]:
    """Return the live events: encounter, account, cause, kind, time and record."""
    return [(e.encounter, e.user_id, e.cause, e.kind, e.at, e.record) for e in query.events() if e.kind != "seen"]


def simulated(policy: Policy = POLICY, model_sha256: str = MODEL) -> list[Happened]:
    """Return what a simulation over the whole record says."""
    return [
        (each.record.encounter, each.record.user_id, event.cause, event.kind, event.at, each.record.id)
        for each in replay(stream(WantedRecords()), policy, model_sha256)
        for event in each.step.events
    ]
