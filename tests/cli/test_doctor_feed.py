"""`fcv doctor` on the feed: who scores, what is late or silent, and the key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import time_ns

import pytest
from conftest import MakeSettings
from migrated import migrate

from fcv_api import activations
from fcv_api.activations import Worker
from fcv_api.app import database_app
from fcv_api.cli.doctor.feed import check_feed
from fcv_api.cli.doctor.finding import Finding, Place, Wanted
from fcv_api.domain.arrivals import Clock
from fcv_api.extensions import db
from fcv_api.extensions.cursors import run, write_cursor
from fcv_api.feed import arrivals, status
from fcv_api.feed.process import host
from fcv_api.settings import Settings

MINUTE = 60_000_000
SOURCE = "INSERT INTO feed_sources (name, host, last_message_at, clock_offset, counters) VALUES (?, ?, ?, ?, '{}')"


@pytest.fixture
def place(settings: Settings) -> Iterator[Place]:
    """Give a database with its tables, asked."""
    migrate(settings)
    with database_app(settings).app_context():
        yield Place(settings, Wanted(Path("no.crt"), None, None))
        db.engine.dispose()


def warned(place: Place) -> list[Finding]:
    return [each for each in check_feed(place) if each.status == "warning"]


@pytest.mark.parametrize("settings", [{"FEED": "off"}], indirect=True)
def test_one_that_is_off_is_one_line(place: Place) -> None:
    (found,) = check_feed(place)
    assert (found.status, found.advice) == ("ok", "")


def test_nothing_that_scores_is_told_until_a_process_reports(place: Place) -> None:
    assert any("Nothing scores the beds" in each.detail for each in warned(place))
    activations.report(Worker(host(), 77, "a", "1", "a" * 64, 0, ""))
    assert not any("Nothing scores the beds" in each.detail for each in warned(place))
    assert any(f"{host()}:77 scores the beds" in each.detail for each in check_feed(place))


def test_late_turns_are_counted(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "late", lambda _slot, _now: 1_000)
    (late,) = [each for each in warned(place) if "late" in each.detail]
    assert late.detail == "1,000 or more turns are over a minute late."
    assert "app.log" in late.advice


def test_a_source_that_is_silent_or_whose_clock_is_wrong_is_told_once_for_all_hosts(place: Place) -> None:
    now = time_ns() // 1000
    with write_cursor() as cursor:
        for name, on, minutes, offset in (
            ("api:quiet", "icu1", 30, None),
            ("api:quiet", "icu2", 20, None),
            ("api:live", "icu1", 400, None),
            ("api:live", "icu2", 1, None),
            ("api:gone", "icu1", 60 * 24, None),
            ("hl7:ahead", "icu1", 0, 90_000_000),
        ):
            run(cursor, SOURCE, name, on, now - minutes * MINUTE, offset)
    told = [each.detail for each in warned(place) if each.detail.startswith(("api:", "hl7:", "The clock of"))]
    assert told == [
        "api:quiet has sent nothing for 20 minutes.",
        "The clock of hl7:ahead is +90 s from this service's.",
    ]


def test_a_clock_that_is_doubted_is_a_warning_while_somebody_feeds(place: Place) -> None:
    for hours, level in ((2, "warning"), (13, "ok")):
        with write_cursor() as cursor:
            arrivals.write(cursor, None, Clock(time_ns() // 1000 - 60 * hours * MINUTE))
        (found,) = [each for each in check_feed(place) if "Nothing has arrived since" in each.detail]
        assert (found.status, "time server" in found.advice) == (level, True)


def test_the_key_is_named_with_its_mode_and_never_shown(
    place: Place, make_settings: MakeSettings, tmp_path: Path
) -> None:
    key = tmp_path / "site.key"
    key.write_text("0123456789abcdef" * 3)
    key.chmod(0o640)
    given = Place(make_settings(PSEUDONYM_KEY_FILE=str(key)), place.wanted)
    (told,) = [each.detail for each in check_feed(given) if "key of pseudonyms" in each.detail]
    assert f"{key} (mode 0640)" in told
    assert "0123456789abcdef" not in told
