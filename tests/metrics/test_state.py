"""What the database says at a scrape, and that a scrape is whole without it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import BOTH_DATABASES
from fed import FEED, fill
from flask import Flask
from memory import NOW
from prometheus_client import CollectorRegistry, Metric
from sqlalchemy.exc import OperationalError

from fcv_api import activations
from fcv_api.feed import process, sources, status
from fcv_api.feed.turns import run_slot
from fcv_api.ledger.heads import publish_head
from fcv_api.ledger.size import size
from fcv_api.metrics import database, slots, state
from fcv_api.metrics.database import Database
from fcv_api.metrics.state import About

WORKER = activations.Worker("", 41, "fcv-sim", "2.0.0", "ab" * 32, 0, "")


@pytest.fixture
def about(tmp_path: Path) -> About:
    """Give a service whose feed is on."""
    return About(feed=True, settle_seconds=30, folder=tmp_path)


def values(families: Iterable[Metric]) -> dict[tuple[str, ...], float]:
    """Return each sample by its name and its labels' values."""
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


@BOTH_DATABASES
@pytest.mark.usefixtures("empty_database")
def test_the_record_is_counted_without_counting_and_so_is_what_is_unpublished(about: About) -> None:
    assert size()[:3] == (0, 0, None)
    fill(5501, 5502)
    run_slot(FEED, NOW)
    assert size()[:3] == (2, 2, None)
    publish_head()
    found = values(state.read(about))
    assert (found["fcv_ledger_records",], found["fcv_ledger_unpublished_records",]) == (2, 0)
    assert 0 <= found["fcv_ledger_head_age_seconds",] < 600
    assert found["fcv_database_bytes",] > 10_000


@BOTH_DATABASES
@pytest.mark.usefixtures("empty_database")
def test_turns_that_are_due_and_late_are_said_and_how_long_they_wait(
    about: About, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(5501, 5502)
    monkeypatch.setattr(state, "database_now", lambda: NOW + 45_000_000)
    found = values(state.read(about))
    assert (found["fcv_turns_due",], found["fcv_turns_queue_age_seconds",]) == (2, 15)
    assert ("fcv_turns_last_slot_age_seconds",) not in found
    run_slot(FEED, NOW)
    found = values(state.read(about))
    assert (found["fcv_turns_due",], found["fcv_turns_queue_age_seconds",]) == (0, 0)
    assert found["fcv_turns_last_slot_age_seconds",] == 45


@pytest.mark.usefixtures("empty_database")
def test_the_model_of_each_process_of_this_host_is_said_by_its_slot(
    about: About, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "holders", lambda _folder: {3: 41})
    here = process.host().removesuffix(process.MARK)
    for host, problem in ((here, ""), (process.host(), "not loaded"), ("elsewhere", "")):
        activations.report(replace(WORKER, host=host, problem=problem))
    found = values(state.read(about))
    assert {key[1:] for key in found if key[0] == "fcv_worker_model"} == {
        ("web", "3", "fcv-sim/2.0.0", "abababababab"),
        ("feed", "", "fcv-sim/2.0.0", "abababababab"),
    }
    assert found["fcv_worker_activation_failed", "web", "3"] == 0
    assert found["fcv_worker_activation_failed", "feed", ""] == 1


@pytest.mark.usefixtures("empty_database")
def test_sources_are_counted_by_name_and_accounts_together() -> None:
    counted = {"messages": 3, "AA": 2, "AE": 1, "new": 20, "sentinel": 4}
    for name, counts in {"icu": counted, "api:ana": {"new": 5}, "api:bea": {"new": 6}, "test:icu": {"new": 1}}.items():
        sources.counted().count(name, counts)
    sources.flush(at_once=True)
    found = values(state._sources(status.sources(), NOW + 2**50))  # noqa: SLF001
    assert found["fcv_feed_messages_total", "icu"] == 3
    assert (found["fcv_feed_answers_total", "icu", "AA"], found["fcv_feed_answers_total", "icu", "AE"]) == (2, 1)
    assert found["fcv_feed_dropped_total", "icu", "sentinel"] == 4
    assert found["fcv_feed_rows_total", "api", "new"] == 11
    assert found["fcv_feed_rows_total", "test:icu", "new"] == 1


def test_a_source_that_is_an_account_is_named_by_its_kind() -> None:
    names = ("icu", "api:ana", "test:icu", "test:api:ana", "fhir:bea", "hl7:unlisted")
    found = [state.name_of(SimpleNamespace(name=name)) for name in names]  # type: ignore[arg-type]
    assert found == ["icu", "api", "test:icu", "test:api", "fhir", "hl7"]


def test_a_source_that_was_silent_for_a_day_is_forgotten() -> None:
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    known = [
        status.Source("old", "a", now - state.DAY - 1, None, {}),
        status.Source("icu", "a", now - 90_000_000, None, {}),
        status.Source("icu", "b", now - 5_000_000, -2_000_000, {}),
    ]
    found = values(state._sources(known, now))  # noqa: SLF001
    assert {key: value for key, value in found.items() if "seconds" in key[0]} == {
        ("fcv_feed_source_age_seconds", "icu"): 5,
        ("fcv_feed_clock_offset_seconds", "icu"): -2,
    }


@pytest.fixture
def reader(app: Flask, about: About) -> Database:
    """Give a reader of the app's database that asks at each scrape."""
    found = Database(app, about)
    found._read_at = -1e9  # noqa: SLF001
    return found


def up(reader: Database) -> dict[tuple[str, ...], float]:
    registry = CollectorRegistry()
    registry.register(reader)
    return values(registry.collect())


def test_a_scrape_is_whole_and_says_so_where_the_database_is_away(
    reader: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_about: About) -> Any:
        raise OperationalError(None, None, OSError())

    monkeypatch.setattr(state, "read", away)
    assert up(reader) == {("fcv_database_up",): 0}


def test_a_database_that_does_not_answer_holds_no_scrape(reader: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(database, "LONGEST", 0.05)
    monkeypatch.setattr(state, "read", lambda _about: answers.wait(60) and [])
    assert up(reader) == {("fcv_database_up",): 0}
    waiting = reader._reader  # noqa: SLF001
    assert up(reader) == {("fcv_database_up",): 0}
    assert reader._reader is waiting  # noqa: SLF001 - and no second one waits beside it
    answers.set()
    assert waiting is not None
    waiting.join(60)


def test_the_database_is_asked_once_however_often_it_is_scraped(
    reader: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked = state.read, list[About]()

    def noted(about: About) -> Iterable[Metric]:
        asked.append(about)
        return read(about)

    monkeypatch.setattr(database, "EVERY", float("inf"))
    monkeypatch.setattr(database, "LONGEST", 60)
    monkeypatch.setattr(state, "read", noted)
    reader._read_at = -float("inf")  # noqa: SLF001
    found = [up(reader) for _ in range(3)]
    assert found[0]["fcv_database_up",] == 1
    assert found[0] == found[1] == found[2]
    assert len(asked) == 1
