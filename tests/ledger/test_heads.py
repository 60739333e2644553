"""Publishing: one head in five minutes and one at the end, each a line of `heads.log` and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from conftest import BOTH_DATABASES
from flask import Flask
from recorded import PREDICTION, REFUSAL, append

from fcv_api import heads_log
from fcv_api.ledger import chain, heads, retention
from fcv_api.ledger.heads import Head, Purged, publish_head
from fcv_api.ledger.published import Line, parse
from fcv_api.ledger.record import Link, Record, utc_moment
from fcv_api.ledger.retention import Purge
from fcv_api.ledger.tables import GENESIS
from fcv_api.settings import Settings

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def heads_file(settings: Settings) -> Iterator[Path]:
    """Open the log as the service does."""
    before = heads.log.handlers[:]
    heads_log.open_log(settings.log_dir)
    yield settings.log_dir / "heads.log"
    for handler in heads.log.handlers:
        handler.close()
    heads.log.handlers[:] = before


def recorded(count: int) -> list[Record]:
    return append([PREDICTION, REFUSAL] * (count // 2), perf_counter())


@BOTH_DATABASES
def test_a_head_is_published_once_in_five_minutes_and_only_when_there_is_something_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert publish_head() is None
    records = recorded(2)
    assert publish_head() == Head(Link(2, records[-1].hash), Purged(0, 0, GENESIS))
    recorded(2)
    assert publish_head() is None
    monkeypatch.setattr(heads, "BETWEEN_HEADS", timedelta(0))
    published = publish_head()
    assert published
    assert published.last.seq == 4
    assert publish_head() is None
    assert chain.verify().heads == 2


@BOTH_DATABASES
def test_a_head_from_the_future_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=1)

    recorded(2)
    with monkeypatch.context() as ahead:
        ahead.setattr(heads, "datetime", Ahead)
        assert publish_head()
    recorded(2)
    assert publish_head()
    recorded(2)
    assert publish_head() is None


@BOTH_DATABASES
def test_a_head_is_published_at_the_end_however_short_a_time_after_another() -> None:
    recorded(2)
    publish_head()
    recorded(2)
    published = publish_head(at_once=True)
    assert published
    assert published.last.seq == 4
    assert publish_head(at_once=True) is None


@BOTH_DATABASES
def test_a_head_says_from_where_the_chain_goes_on(heads_file: Path) -> None:
    records = recorded(6)
    retention.purge(Purge(4, 4, utc_moment(records[3].at)), "eva")
    published = publish_head()
    assert published == Head(Link(6, records[5].hash), Purged(4, 4, records[3].hash))
    purge, head = parse(heads_file.read_bytes())
    assert purge == Line(purge.at, "purge", Link(4, records[3].hash))
    assert head == Line(head.at, "head", *(Link(6, records[5].hash), Link(4, records[3].hash)))


def test_a_workers_report_publishes_the_head_and_its_end_another(app: Flask, heads_file: Path) -> None:
    recorded(2)
    models = app.extensions["fcv"].models
    models.watch()
    recorded(2)
    models.forget()
    assert [line.link.seq for line in parse(heads_file.read_bytes())] == [2, 4]


@pytest.mark.usefixtures("heads_file")
def test_no_head_stands_where_requests_are_written(app: Flask, log_file: Path) -> None:
    recorded(2)
    app.extensions["fcv"].models.watch()
    assert "head" not in log_file.read_text("utf-8")


def test_a_purge_that_cannot_be_announced_deletes_nothing(settings: Settings) -> None:
    records = recorded(4)
    with heads_log.opened(settings.log_dir):
        (handler,) = (each for each in heads.log.handlers if isinstance(each, heads_log.CertainLogFile))
        (settings.log_dir / "heads.log").unlink()
        (settings.log_dir / "heads.log").mkdir()
        with pytest.raises(OSError, match=r"heads\.log"):
            retention.purge(Purge(2, 2, utc_moment(records[1].at)), "eva")
        handler.close()
    assert chain.verify().count == 4
