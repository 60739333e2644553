"""Alerts as records are made: in their transaction, and the same as a simulation over the record."""

from __future__ import annotations

import random

import pytest
from conftest import BOTH_DATABASES
from force import START, TEXT, enforce, happened, record, scored, simulated
from recorded import REFUSAL

from fcv_api.alerts import policies, query, retention
from fcv_api.alerts.policies import Wanted
from fcv_api.extensions.cursors import read_cursor, run
from fcv_api.ledger.record import Entry
from fcv_api.ledger.sources import packed

pytestmark = pytest.mark.usefixtures("empty_database")
HEART = ("critical_value", "MDC_ECG_HEART_RATE")


def states() -> list[tuple[str, bool]]:
    with read_cursor() as cursor:
        return [
            (row[0], bool(row[1])) for row in run(cursor, "SELECT cause, holds FROM alerts ORDER BY cause").fetchall()
        ]


@BOTH_DATABASES
def test_without_an_active_policy_nothing_alerts_and_nothing_is_written() -> None:
    assert record(scored(0, 0.9, warnings=[HEART])) == [None]
    assert (happened(), states(), query.holding(), query.mark_seen(5501, "eva")) == ([], [], [], 0)


@BOTH_DATABASES
def test_a_record_raises_holds_and_ends_an_alert() -> None:
    enforce()
    (first,), (second,), (third,) = (record(scored(minute, shock)) for minute, shock in ((0, 0.5), (5, 0.4), (10, 0)))
    assert first
    assert second
    assert (first.cause, first.new, second.new, third) == ("cardiogenic_shock", True, False, None)
    assert [kind for *_, kind, _, _ in happened()] == ["raised", "ended"]
    assert states() == [("cardiogenic_shock", False)]
    assert happened() == simulated()


def _any(dice: random.Random, encounter: int, minute: int) -> Entry:
    """Return a refusal, or a score that may be late, of one of two accounts."""
    if dice.random() < 0.1:
        return REFUSAL._replace(encounter=encounter)
    warnings, user = [HEART] if dice.random() < 0.3 else [], dice.choice((7, 8))
    return scored(
        minute - dice.choice((0, 0, 30)), dice.random() / 2, warnings=warnings, encounter=encounter, user_id=user
    )


@BOTH_DATABASES
def test_a_random_record_gives_the_events_of_its_simulation() -> None:
    enforce()
    dice = random.Random(23)
    for minute in range(0, 200, 5):
        record(*(_any(dice, encounter, minute) for encounter in range(4)))
    assert len(happened()) > 50
    assert happened() == simulated()


def test_what_another_account_sends_ends_no_alert() -> None:
    enforce()
    record(scored(0, 0.5))
    assert record(scored(5, 0.0, user_id=8)) == [None]
    assert [each.alert.cause for each in query.holding()] == ["cardiogenic_shock"]


def test_the_score_of_another_model_does_not_count_and_its_warnings_do() -> None:
    enforce(model_sha256="d" * 64)
    (alert,) = record(scored(0, 0.9, warnings=[HEART]))
    assert alert
    assert alert.cause == "critical_value:MDC_ECG_HEART_RATE"
    assert [cause for cause, _ in states()] == ["critical_value:MDC_ECG_HEART_RATE"]


def test_a_test_source_never_alerts() -> None:
    enforce()
    real, test = (packed(source, []) for source in ("gateway", "test:gateway"))
    assert record(scored(0, 0.9, slot=300_000_000, sources=test)) == [None]
    (alert,) = record(scored(0, 0.9, slot=600_000_000, sources=real))
    assert alert
    assert alert.raised_at == 600_000_000


def test_a_window_that_ends_in_the_future_makes_no_later_one_old() -> None:
    enforce()
    future = record(scored(60 * 24 * 365 * 100, 0.5))
    now = record(scored(60 * 24 * 365 * 100 + 5, 0.0))
    assert (future[0] is not None, now) == (True, [None])
    assert states() == [("cardiogenic_shock", False)]


@BOTH_DATABASES
def test_seen_is_a_mark_that_neither_silences_nor_ends_and_goes_when_the_cause_is_raised_again() -> None:
    enforce()
    record(scored(0, 0.5))
    assert query.mark_seen(5501, "eva") == 1
    (holding,) = query.holding()
    assert (holding.seen_by, holding.alert.cause) == ("eva", "cardiogenic_shock")
    (alert,) = record(scored(60, 0.5))
    assert alert
    assert alert.new
    assert [each.seen_by for each in query.holding()] == [None]
    assert [each.kind for each in query.events()] == ["raised", "seen", "raised"]
    assert query.mark_seen(5501, "eva", "trend:MDC_TEMP") == query.mark_seen(1, "eva") == 0
    assert happened() == simulated()


@BOTH_DATABASES
def test_an_activation_begins_at_its_time_and_an_older_one_is_in_force_until_then() -> None:
    first = enforce()
    later = policies.activate(Wanted(TEXT.replace("1.0.0", "1.1.0"), None, "{}", "eva", "later"), after=60_000_000)
    known = policies.known()
    assert (known.at(first.begins_at - 1), str(known.at(later.begins_at - 1).policy)) == (None, "ours/1.0.0")  # type: ignore[union-attr]
    assert str(known.at(later.begins_at).policy) == "ours/1.1.0"  # type: ignore[union-attr]
    policies.deactivate("eva", "enough", after=0)
    assert record(scored(0, 0.9)) == [None]
    assert [each.policy for each in policies.history()] == [None, "ours/1.1.0", "ours/1.0.0"]
    assert policies.stored(later.id).text == TEXT.replace("1.0.0", "1.1.0")


def test_another_activation_begins_afresh() -> None:
    enforce()
    record(scored(0, 0.5))
    enforce(TEXT.replace("1.0.0", "1.1.0"))
    assert query.holding() == []
    (alert,) = record(scored(5, 0.5))
    assert alert
    assert (alert.policy, alert.new, alert.raised_at) == ("ours/1.1.0", True, round((START.timestamp() + 300) * 1e6))


@BOTH_DATABASES
def test_alerts_are_purged_with_the_record() -> None:
    enforce()
    record(scored(0, 0.5), scored(0, 0.5, encounter=1))
    assert retention.purge(0) == 0
    assert retention.purge(2**62) == 2
    assert (query.events(), states()) == ([], [])
