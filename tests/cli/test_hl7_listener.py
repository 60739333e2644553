"""`fcv feed run` listens to gateways where a setting says so; and `fcv hl7 send` waits for its answers."""

from __future__ import annotations

import signal
import socket
from contextlib import closing
from importlib import import_module
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import BOTH_DATABASES, UNTRAINED, MakeSettings
from forked import begun, ended
from gateways import connected, listen_and_die, listened, live, site_of
from memory import rows

from fcv_api.cli import main
from fcv_api.cli.hl7_listener import checked_site, hl7_listener
from fcv_api.cli.hl7_sources import known_sources, source_named, sources_in
from fcv_api.extensions.cursors import run
from fcv_api.feed import store
from fcv_api.settings import Settings, SettingsError

PRODUCTION = {
    "ENV": "production",
    "FEED": "on",
    "HL7_BIND": "10.0.0.1:2575",
}
FEED = import_module("fcv_api.cli.feed_run")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        return int(bound.getsockname()[1])


@pytest.fixture
def no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the log of the tests' own process as it is."""
    monkeypatch.setattr(FEED, "open_log", lambda *_: None)
    monkeypatch.setattr(FEED.heads_log, "open_log", lambda *_: None)


@pytest.fixture
def sources_file(tmp_path: Path) -> Path:
    """Write a file of sources that knows this machine."""
    file = tmp_path / "sources.toml"
    file.write_text('[source.icu]\npeers = ["127.0.0.1"]\n')
    return file


@pytest.mark.usefixtures("empty_database", "no_log")
def test_it_listens_beside_the_scoring(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    port, acks = free_port(), []
    make_settings(HL7_BIND=f"127.0.0.1:{port}", **UNTRAINED)

    def meanwhile(*_: object) -> None:
        with connected(("127.0.0.1", port)) as own:
            acks.extend(own.exchange(live()))

    monkeypatch.setattr(FEED, "keep_scoring", meanwhile)
    assert CliRunner().invoke(main, ["feed", "run"], catch_exceptions=False).exit_code == 0
    assert acks == ["AA M1"]
    assert rows("SELECT source FROM stays") == [("default",)]


def test_it_listens_nowhere_by_default(settings: Settings) -> None:
    with hl7_listener(settings) as address:
        assert address is None


@pytest.mark.usefixtures("empty_database", "no_log")
def test_an_address_that_is_taken_is_a_sentence(make_settings: MakeSettings) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        make_settings(HL7_BIND=f"127.0.0.1:{bound.getsockname()[1]}", **UNTRAINED)
        done = CliRunner().invoke(main, ["feed", "run"])
    assert done.exit_code == 1
    assert "Address already in use" in done.output


def test_production_lets_nobody_send_who_is_not_known(
    make_settings: MakeSettings, sources_file: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef" * 4)
    own = PRODUCTION | {"PSEUDONYM_KEY_FILE": str(key)}
    with pytest.raises(SettingsError, match="FCV_HL7_SOURCES_FILE must be set"):
        checked_site(make_settings(**own))
    own |= {"HL7_SOURCES_FILE": str(sources_file)}
    assert checked_site(make_settings(**own)).sources[0].name == "icu"
    sources_file.write_text('[source.icu]\ncertificates = ["gw"]\n')
    with pytest.raises(SettingsError, match="is reached from other machines"):
        checked_site(make_settings(**own))
    assert checked_site(make_settings(**own | {"HL7_BIND": "[::1]:2575"}))
    files = {f"HL7_TLS_{name}": str(key) for name in ("CERT", "KEY", "CLIENT_CA")}
    assert checked_site(make_settings(**own, **files))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"HL7_BIND": "2575"}, "FCV_HL7_BIND"),
        ({"HL7_BIND": "localhost:0"}, "FCV_HL7_BIND"),
        ({"HL7_BIND": "unix:/tmp/x"}, "FCV_HL7_BIND"),
        ({"HL7_MAX_BYTES": "12"}, "FCV_HL7_MAX_BYTES"),
        ({"HL7_TLS_CERT": "/a"}, "must be set together"),
        ({"HL7_TLS_CLIENT_CA": "/a"}, "FCV_HL7_TLS_CLIENT_CA needs"),
        ({"ALLOW_TEST_SOURCES": "perhaps"}, "FCV_ALLOW_TEST_SOURCES"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_name(
    make_settings: MakeSettings, given: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        make_settings(**given)


def test_a_wrong_file_of_sources_stops_the_start_by_name(
    make_settings: MakeSettings, sources_file: Path, tmp_path: Path
) -> None:
    sources_file.write_text("[source.icu]\npeer = []\n")
    with pytest.raises(SettingsError, match=r"FCV_HL7_SOURCES_FILE: .*\[source.icu\]: peer is not a key"):
        known_sources(make_settings(HL7_SOURCES_FILE=str(sources_file)))
    with pytest.raises(SettingsError, match="cannot read"):
        sources_in(tmp_path / "none.toml", make_settings().timezone)
    with pytest.raises(SettingsError, match=r"There is no source x\. The file's sources are: default"):
        source_named(known_sources(make_settings(HL7_SOURCES_FILE="")), "x")


@pytest.mark.usefixtures("empty_database")
def test_what_it_stores_by_waits_for_the_disk_and_no_other_connection_of_sqlite_does(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    stored = store._store  # noqa: SLF001

    def seen(cursor: Any, deliveries: Any) -> Any:
        found.extend(run(cursor, "PRAGMA synchronous").fetchone())
        return stored(cursor, deliveries)

    monkeypatch.setattr(store, "_store", seen)
    settings = make_settings(HL7_BIND=f"127.0.0.1:{free_port()}")
    with hl7_listener(settings) as address:
        assert address is not None
        for number in range(3):  # each on a connection of its own
            with connected(address) as own:
                assert own.exchange(live(control=f"{number}")) == [f"AA {number}"]
    assert set(found) == {2}
    assert rows("PRAGMA synchronous") == [(1,)]


@BOTH_DATABASES
@pytest.mark.usefixtures("empty_database")
def test_killed_between_commit_and_acknowledgement_it_is_sent_again_and_stored_once(settings: Settings) -> None:
    told, told_by, sent = *Pipe(), live("77")
    child = begun(listen_and_die, settings, told_by)
    with connected(("127.0.0.1", told.recv())) as own:
        assert own.exchange(sent) == []
    assert ended(child) == -signal.SIGKILL
    assert rows("SELECT value FROM observations") == [(77.0,)]
    with listened(settings, site_of()) as address, connected(address) as own:
        assert own.exchange(sent) == ["AA M1"]
    assert rows("SELECT value FROM observations") == [(77.0,)]


@pytest.mark.usefixtures("empty_database")
def test_the_sender_waits_for_each_answer_and_says_what_was_not_accepted(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "messages.hl7"
    file.write_bytes(live(control="1") + live(control="2", kind="QRY^A19"))
    with listened(settings, site_of()) as (host, port):
        done = CliRunner().invoke(main, ["hl7", "send", str(file), f"{host}:{port}"])
        assert done.output.splitlines()[:2] == ["Message 1: AA", "Message 2: AR"]
        assert done.exit_code == 1
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        place = f"127.0.0.1:{mute.getsockname()[1]}"
        silent = CliRunner().invoke(main, ["hl7", "send", str(file), place, "--timeout", "0.3"])
    assert "No acknowledgement came within 0.3 seconds." in silent.output
    assert "is no HOST:PORT" in CliRunner().invoke(main, ["hl7", "send", str(file), "here"]).output
    file.write_text("PID|1\r")
    assert "holds no message" in CliRunner().invoke(main, ["hl7", "send", str(file), place]).output
