"""`examples/observations.py` and the lines of docs/feed.md, against the service."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from client import Client
from conftest import PASSWORD, MakeToken
from flask import Flask
from memory import rows
from observations import LATE, rows_since, send
from served import served

from fcv_api.accounts import Role

HEAD = "idAtencion,nomSigno,valor,fecRegistro,cama"
NOW = datetime.now(UTC)


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """Serve."""
    with served(app) as address:
        yield address


def line(value: str, minutes: float) -> str:
    return f"5501,MDC_ECG_HEART_RATE,{value},{NOW - timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S+00:00},UCI-04"


def test_only_new_rows_are_sent_and_late_ones_are_found(url: str, make_token: MakeToken, tmp_path: Path) -> None:
    make_token("ana")
    client, table = Client(url, "ana", PASSWORD), tmp_path / "rows.csv"
    lines = [HEAD, line("80", 100), line("82", 10), line("", 9)]
    table.write_text("\n".join(lines))
    assert send(client, rows_since(table, NOW - timedelta(hours=2))) == 2
    table.write_text("\n".join([*lines, line("84", 0), line("81", 12)]))  # the last one is late
    found = rows_since(table, NOW - LATE)
    assert len(found) == 4
    assert send(client, found) == 2
    assert [value for (value,) in rows("SELECT value FROM observations ORDER BY at")] == [80, 81, 82, 84]


def test_a_wrong_row_and_a_wrong_clock_are_printed_and_the_others_are_taken(
    url: str, make_token: MakeToken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_token("ana")
    table = tmp_path / "rows.csv"
    table.write_text("\n".join([HEAD, line("80", 1), line("81", 0).replace("5501", "x"), line("82", -90)]))
    assert send(Client(url, "ana", PASSWORD), rows_since(table, NOW - LATE)) == 1
    wrong, clock = capsys.readouterr().out.splitlines()
    assert wrong.startswith("WRONG idAtencion: ")
    assert "'valor': 81.0" in wrong
    assert clock == "CLOCK encounter 5501: 1 ahead, 0 too old"


@pytest.mark.parametrize("name", ["docs/feed.md", "docs/feed.es.md"])
def test_the_curl_lines_of_the_documents_do_what_they_say(
    root: Path, url: str, make_token: MakeToken, name: str
) -> None:
    written = re.findall(r"```sh\n(.*?)```", (root / name).read_text("utf-8"), re.DOTALL)
    blocks = [each for each in written if re.search(r"curl .*8000/(observations|beds)", each)]
    tokens = {"TOKEN": make_token("ana"), "READER": make_token("rosa", Role.READER)}
    environment = os.environ | {each: header["Authorization"].split()[1] for each, header in tokens.items()}
    shown = [
        subprocess.run(
            ["sh", "-euc", block.replace("http://127.0.0.1:8000", url)],
            env=environment, capture_output=True, text=True, check=True,
        ).stdout
        for block in blocks
    ]  # fmt: skip
    assert len(shown) == 3
    assert all(" 200 OK" in each for each in shown)
    assert '"new":2' in shown[0]
    assert '"deleted":1' in shown[1]
    assert '"encounter":"5501"' in shown[2]
