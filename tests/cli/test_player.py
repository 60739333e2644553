"""`fcv simulate --feed`: a simulated ward into a running service, and what it says came of it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import PASSWORD, MakeToken
from flask import Flask
from memory import rows
from proxied import certify
from served import served
from source import Module

from fcv_api.cli import main
from fcv_api.settings import ROOT

FAST = ("--speed", 1e6, "--user", "ana")


@pytest.fixture
def url(app: Flask, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve with a client called ana, whose password is in the environment."""
    make_token("ana")
    monkeypatch.setenv("MLAPI_PASSWORD", PASSWORD)
    with served(app) as address:
        yield address


def feed(url: str, *words: object) -> Result:
    return CliRunner().invoke(main, ["simulate", "--feed", url, *map(str, (*FAST, *words))])


def summed(url: str, *words: object) -> dict[str, Any]:
    result = feed(url, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_ward_is_fed_and_the_answers_are_summed(url: str) -> None:
    found = summed(url, "--beds", 3, "--minutes", 6, "--first-encounter", 71, "--channel", "1.1", "--bed", "UCI-")
    assert found["posts"] == 18
    assert found["rows"] == found["new"] == rows("SELECT count(*) FROM observations WHERE channel = '1.1'")[0][0]
    assert found["errors"] == found["too_old"] == found["future"] == found["same"] == found["retried"] == 0
    assert found["signed_in"] == 1
    assert rows("SELECT id, bed, source FROM stays ORDER BY id") == [
        (number, f"UCI-0{number - 70}", "api:ana") for number in (71, 72, 73)
    ]


def test_the_last_row_of_a_past_that_is_played_is_new_and_none_is_ahead(url: str) -> None:
    summed(url, "--minutes", 5)
    ((oldest, newest),) = rows("SELECT min(at), max(at) FROM observations")
    now = datetime.now(UTC).timestamp()
    assert 0 <= now - newest / 1e6 < 60
    assert 4 * 60 < (newest - oldest) / 1e6 <= 5 * 60


def test_faults_are_answered_for_what_they_are_and_the_same_again_changes_nothing(url: str) -> None:
    until = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    faults = ("--late", 0.2, "--repeated", 0.2, "--corrected", 0.2, "--swapped", 0.2)
    given = ("--minutes", 8, "--until", until, *faults)
    first = summed(url, *given)
    held = rows("SELECT sign, at, value, status FROM observations ORDER BY sign, at")
    assert first["new"] == len(held)
    assert min(first["same"], first["replaced"]) > 0
    again = summed(url, *given)
    assert (again["same"], again["rows"]) == (again["rows"], first["rows"])
    assert rows("SELECT sign, at, value, status FROM observations ORDER BY sign, at") == held


def test_each_minute_is_printed_and_a_row_that_was_refused_with_its_reason(url: str, make_token: MakeToken) -> None:
    make_token("eva")
    shown = feed(url, "--minutes", 3)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("1 beds, encounters from 100000, 20")
    assert len(lines) == 5
    assert "Z  1 post, 13 rows: 13 new" in lines[2]
    assert lines[-1].startswith("In all 3 posts, 41 rows: 41 new. Sent again 0 times; ")
    refused = feed(url, "--minutes", 1, "--user", "eva")
    assert refused.exit_code == 1
    assert "15 errors" in refused.stdout
    assert "encounter 100000, row 0, idAtencion: other-source" in refused.stdout


def test_rows_of_another_time_are_counted_as_too_old(url: str) -> None:
    summed(url, "--minutes", 1, "--first-encounter", 5)
    found = summed(url, "--minutes", 2, "--until", f"{datetime.now(UTC) - timedelta(hours=13)}")
    assert (found["new"], found["too_old"]) == (2, 26)  # height and weight are never too old


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--feed", "fcv.hospital.lan"], "is no address"),
        (["--feed", "http://fcv:port"], "is no address"),
        (["--feed", "http://x", "--patients", "3"], "--patients cannot be given with --feed."),
        (["--feed", "http://x", "a.csv", "b.csv"], "EXPORT, LABELS cannot be given with --feed."),
        (["--late", "0.1", "a.csv", "b.csv"], "--late can only be given with --feed."),
        (["a.csv"], "Name EXPORT and LABELS, or a service by --feed."),
        (["--feed", "http://x", "--speed", "0.5"], "0.5 is not in the range x>=1"),
        (["--feed", "http://x", "--speed", "nan"], "must be a number"),
        (["--feed", "http://x", "--late", "1.1"], "not in the range"),
        (["--feed", "http://x", "--lost", "nan"], "must be a number"),
        (["--feed", "http://x", "--until", "noon"], "is no time such as"),
        (["--feed", "http://x", "--until", "2026-03-03T09:30:00"], "says no offset"),
        (["--feed", "http://x", "--until", "2999-03-03T09:30:00Z"], "would lie in the future"),
        (["--feed", "http://x", "--channel", "a\x07"], "printable"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value[:3]),
)
def test_what_cannot_be_played_is_said_in_a_sentence(words: list[str], reason: str) -> None:
    environment = {"MLAPI_USER": "ana", "MLAPI_PASSWORD": PASSWORD}
    result = CliRunner().invoke(main, ["simulate", *words], env=environment)
    assert result.exit_code in (1, 2)
    assert reason in " ".join(result.output.split())


@pytest.mark.parametrize("settings", [{"FEED": "off"}], indirect=True)
def test_a_service_that_keeps_nothing_ends_the_play_at_once(url: str) -> None:
    result = feed(url, "--minutes", 1)
    assert result.exit_code == 1
    assert "503 /problems/feed-off" in result.output


def test_name_and_password_are_asked_for_where_nothing_gives_them(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLAPI_PASSWORD")
    words = ["simulate", "--feed", url, "--minutes", "1", "--speed", "1e6"]
    result = CliRunner().invoke(main, words, input=f"ana\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert "15 new" in result.stdout
    assert PASSWORD not in result.output


def test_tls_needs_the_authority_that_signed_the_service(
    app: Flask, make_token: MakeToken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certify(tmp_path, "localhost")
    tls = SSLContext(PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    make_token("ana")
    monkeypatch.setenv("MLAPI_PASSWORD", PASSWORD)
    with served(app, tls) as address:
        url = address.replace("127.0.0.1", "localhost")
        assert summed(url, "--minutes", 1, "--ca", tmp_path / "ca.crt")["new"] == 15
        refused = feed(url, "--minutes", 1)
    assert refused.exit_code == 1
    assert "--ca names the authority's file" in refused.output


def test_a_player_needs_nothing_but_what_serves() -> None:
    paths = {".".join(each.relative_to(ROOT).with_suffix("").parts): each for each in (ROOT / "fcv_api").rglob("*.py")}
    reached: set[str] = set()
    to_come = ["fcv_api.cli.player.command"]
    while to_come:
        name = to_come.pop()
        if name not in reached:
            reached.add(name)
            path = paths.get(name) or paths.get(f"{name}.__init__")
            imports = Module(path, ast.parse(path.read_text("utf-8"))).imports() if path else ()
            to_come += [each for own in imports for each in (own, own.rpartition(".")[0])]
    assert "fcv_api.training.gateway" in reached
    assert not {name.split(".")[0] for name in reached} & {"duckdb", "pyarrow", "scipy", "sklearn", "requests", "tqdm"}
