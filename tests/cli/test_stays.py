"""`fcv stays`: what the memory of beds knows, as whoever has the server's shell sees it."""

from __future__ import annotations

from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from click.testing import CliRunner, Result
from memory import observation, post, rows

from fcv_api.cli import main
from fcv_api.feed import turns
from fcv_api.feed.beds import now_known

pytestmark = pytest.mark.usefixtures("empty_database")


def fcv(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["stays", *words], input=stdin)


def post_now(**of_it: Any) -> None:
    now = time_ns() // 1000
    said = observation(**of_it)
    post(said._replace(key=said.key._replace(at=now)), encounter=5501, now=now)


def test_a_stay_is_listed_and_closed_and_the_log_does_not_name_it(tmp_path: Path) -> None:
    post_now(bed="UCI-04")
    (line,) = fcv("list").output.splitlines()
    assert line.split()[:3] == ["5501", "not_scored", "(not-scored-yet)"]
    assert line.endswith("api:ana  UCI-04")
    assert fcv("close", "5501").output == "Closed the stay of encounter 5501.\n"
    assert [each.status for each in now_known(time_ns() // 1000)] == ["closed"]
    logged = (tmp_path / "logs" / "security.log").read_text("utf-8")
    assert "stay-closed" in logged
    assert "5501" not in logged


def test_a_stay_is_closed_by_the_clock_that_turns_are_due_by_and_not_by_the_hosts_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post_now()
    for name in turns.CLOCKS:
        monkeypatch.setitem(turns.CLOCKS, name, "SELECT 1234")
    assert fcv("close", "5501").exit_code == 0
    assert rows("SELECT closed_at FROM stays") == [(1234,)]


def test_a_stay_that_is_not_there_is_said_to_be_none() -> None:
    assert "There is no stay of encounter 7." in fcv("close", "7").output


def test_the_encounter_of_an_identifier_is_printed_and_the_identifier_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("0123456789abcdef" * 4)
    monkeypatch.setenv("FCV_PSEUDONYM_KEY_FILE", str(tmp_path / "key"))
    words = ("id", "--source", "uci", "--type", "VN", "--authority", "HOSP")
    assert fcv(*words, "--value-file", "-", stdin="4711\n").output == "5657777122406459365\n"
    asked = CliRunner().invoke(main, ["stays", *words], input="4711\n")
    assert asked.stdout == "5657777122406459365\n"
    assert "4711" not in asked.output
