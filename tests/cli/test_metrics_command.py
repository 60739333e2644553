"""`fcv metrics`, and the port of the feed."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep

import pytest
import requests
from click.testing import CliRunner
from conftest import MakeSettings
from service import free_port

from fcv_api.cli import main
from fcv_api.cli.feed_run import exposed_counts
from fcv_api.ledger.record import Entry
from fcv_api.metrics.counts import Counts
from fcv_api.settings import Settings


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["metrics", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.usefixtures("empty_database")
def test_it_prints_what_prometheus_would_read() -> None:
    text = printed()
    assert "\nfcv_database_up 1.0\n" in text
    assert "\nfcv_ledger_records 0.0\n" in text
    assert 'fcv_build_info{version="' in text


def test_without_a_database_it_prints_the_rest(make_settings: MakeSettings, tmp_path: Path) -> None:
    file = tmp_path / "no" / "fcv.db"
    make_settings(DATABASE_URL=f"sqlite:///{file}", BACKUP_DIR=str(tmp_path))
    text = printed()
    assert "\nfcv_database_up 0.0\n" in text
    assert "\nfcv_backups 0.0\n" in text
    assert "fcv_ledger" not in text
    assert not file.exists()


@pytest.mark.usefixtures("empty_database")
def test_it_serves_nothing_where_no_address_is_set(make_settings: MakeSettings) -> None:
    make_settings(METRICS_BIND="")
    assert printed("--serve") == "FCV_METRICS_BIND is empty: metrics are not served.\n"


@pytest.mark.parametrize("bind", ["9470", "localhost", "a b:1", "127.0.0.1:0", "127.0.0.1:70000"])
def test_an_address_that_is_none_stops_the_start(make_settings: MakeSettings, bind: str) -> None:
    for name in ("METRICS_BIND", "FEED_METRICS_BIND"):
        with pytest.raises(Exception, match=f"FCV_{name}.*no HOST:PORT"):
            make_settings(**{"METRICS_BIND": "", "FEED_METRICS_BIND": "", name: bind})


@pytest.fixture
def feed_settings(make_settings: MakeSettings) -> Settings:
    """Give settings with a port for the feed's metrics."""
    return make_settings(FEED_METRICS_BIND=f"127.0.0.1:{free_port()}")


def test_the_feed_serves_what_it_counts_on_a_port_of_its_own(feed_settings: Settings) -> None:
    counts, deadline, text = Counts(), monotonic() + 60, ""
    with exposed_counts(feed_settings, counts):
        counts.recorded([Entry(0.0, 1, 7, "", "", problem="silent")])
        counts.slot_scored(0.2)
        while not text:
            assert monotonic() < deadline
            try:
                text = requests.get(f"http://{feed_settings.feed_metrics_bind}/metrics", timeout=60).text
            except requests.ConnectionError:
                sleep(0.02)
    assert 'fcv_refusals_total{code="silent"} 1.0' in text
    assert 'fcv_slot_seconds_count{process="feed"} 1.0' in text
    assert "fcv_build_info" in text


def test_the_feed_listens_nowhere_where_no_address_is_set(make_settings: MakeSettings) -> None:
    counts = Counts()
    with exposed_counts(make_settings(FEED_METRICS_BIND=""), counts):
        assert list(counts.registry.collect()) != []
    assert counts.registry.get_sample_value("fcv_build_info", {"version": "0.1.0"}) is None
