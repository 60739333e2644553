"""Marked identifiers through every door of the memory of beds: where each stands is where the design stores it."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import BOTH_DATABASES, MakeToken
from flask.testing import FlaskClient
from sqlalchemy import MetaData, select
from sqlalchemy.exc import OperationalError
from test_observations_over_http import table

from fcv_api import security_log
from fcv_api.accounts import Role
from fcv_api.cli import main
from fcv_api.extensions import db
from fcv_api.feed import store, turns
from fcv_api.settings import Settings
from fcv_api.wire.example import example_request

ENCOUNTER, OTHER = 192837465564738, 918273645546372
BED, CHANNEL, UNIT, SOURCE = "Quetzal-77120", "Tlaloc-88231", "Citlali-99342", "nepomuceno"
NOWHERE = ("Ixchel-55413", "Zacarias-66524", "880146220931", "Xochitl-3301")
"""Of columns that are not read, of cells that are wrong, and of `fcv stays id`."""
UNREAD, WRONG, REAL, AUTHORITY = NOWHERE
NOT_A_SIGN = "Itzel-44102"
"""A name that whoever sends it is answered, and that stands nowhere else."""
STANDS = {
    str(ENCOUNTER): {
        ("stays", "id"), ("placements", "encounter"), ("observations", "encounter"), ("turns", "encounter"),
        ("predictions", "encounter"),
    },
    str(OTHER): {("stays", "id"), ("observations", "encounter"), ("turns", "encounter"), ("predictions", "encounter")},
    BED: {("stays", "bed"), ("placements", "bed"), ("unnamed_beds", "bed")},
    CHANNEL: {("observations", "channel"), ("predictions", "sources")},
    UNIT: {("observations", "unit"), ("predictions", "warnings")},
    SOURCE: {
        ("users", "username"), ("stays", "source"), ("placements", "source"), ("observations", "source"),
        ("unnamed_beds", "source"), ("feed_sources", "name"), ("predictions", "sources"),
    },
}  # fmt: skip
MARKS = (*STANDS, *NOWHERE, NOT_A_SIGN)


@pytest.fixture
def logged(settings: Settings, log_file: object) -> Iterator[Callable[[], str]]:
    """Open both logs, and give what reads every file of their folder."""
    assert log_file
    with security_log.opened(settings.log_dir, settings.timezone):
        yield lambda: "".join(file.read_text("utf-8") for file in settings.log_dir.iterdir() if file.is_file())


def good() -> list[dict[str, Any]]:
    """Return rows of a whole window that has ended, marked; and some that name another encounter or none."""
    request, now = example_request(), datetime.now(UTC) - timedelta(minutes=6)
    newest = max(map(datetime.fromisoformat, request["fecRegistro"].values()))
    names = ("nomSigno", "idSigno", "valor")
    rows = [
        {name: request[name][row] for name in names}
        | {"idAtencion": ENCOUNTER, "fecRegistro": f"{now - (newest - datetime.fromisoformat(at))}"}
        | {"cama": BED, "canal": CHANNEL, "unidad": UNIT, "sede": UNREAD}
        for row, at in request["fecRegistro"].items()
    ]
    return [*rows, rows[-1] | {"idAtencion": OTHER, "cama": None}, rows[-1] | {"idAtencion": None}]


def spoilt(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each column that may hold a wrong cell, and of a sign that is not read."""
    cells: dict[str, Any] = dict.fromkeys(("valor", "fecRegistro", "idSigno", "estado", "idAtencion"), WRONG)
    long = {"cama": WRONG * 30, "canal": f"{WRONG}\x07{WRONG}"}
    return [row | {name: cell} for name, cell in (cells | long).items()] + [row | {"nomSigno": NOT_A_SIGN}]


def stands() -> dict[str, set[tuple[str, str]]]:
    """Return in which columns of all tables each mark stands, also within what is packed."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    tables = MetaData()
    tables.reflect(db.engine)
    with db.engine.connect() as connection:
        for each in tables.sorted_tables:
            for row in connection.execute(select(each)).mappings():
                for column, cell in row.items():
                    for mark in MARKS:
                        if mark in _text(cell):
                            found[mark].add((each.name, str(column)))
    return dict(found)


def _text(cell: object) -> str:
    if not isinstance(cell, bytes | memoryview):
        return str(cell)
    try:
        return zlib.decompress(cell).decode("utf-8", "replace")
    except zlib.error:
        return bytes(cell).decode("utf-8", "replace")


def fcv(*words: str, stdin: str = "") -> str:
    return CliRunner().invoke(main, words, input=stdin).output


def fail(*given: object, **_: object) -> None:
    raise OperationalError(f"INSERT {given}", {"value": given}, RuntimeError(given))


@BOTH_DATABASES
def test_each_mark_stands_where_the_design_stores_it_and_in_no_log_or_error(
    http: FlaskClient,
    make_token: MakeToken,
    logged: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    token, reader, rows = make_token(SOURCE), make_token("rosa", Role.READER), good()
    (first, other) = http.post("/observations", json=table(*rows), headers=token).get_json()["results"]
    assert (first["new"], other["new"]) == (180, 1)
    answers = [http.post("/observations", json=table(each), headers=token).text for each in spoilt(rows[0])]
    answers.append(http.post("/observations", json=table(*rows), headers=make_token("bea")).text)
    answers += [_post_csv(http, token, text) for text in _csv_bodies(rows[:3])]
    answers.append(http.post(f"/observations?nombre={WRONG}", data=f"{{{WRONG}", headers=token).text)
    for place in ("_store", "_store_one"):
        with monkeypatch.context() as broken:
            broken.setattr(store, place, fail)
            answers.append(http.post("/observations", json=table(*rows), headers=token).text)
    with monkeypatch.context() as broken:
        broken.setattr(turns, "append", fail)
        fcv("feed", "run", "--once")
    assert [_slot_once() for _ in range(2)] == ["Recorded 2 turns.", "Recorded 0 turns."]
    printed = [fcv("stays", "id", "--source", AUTHORITY, "--type", "VN", "--authority", AUTHORITY, stdin=f"{REAL}\n")]
    printed += [fcv("stays", "id", "--source", "uci", "--type", "VN", "--value-file", "-", stdin=f"{REAL}{AUTHORITY}")]
    for words in (("stays", "list"), ("feed", "status"), ("stays", "close", str(ENCOUNTER))):
        assert str(ENCOUNTER) in fcv(*words)
    printed.append(fcv("doctor", "--stopped"))
    assert http.get("/beds", headers=reader).status_code == 200
    assert stands() == STANDS
    assert [mark for mark in MARKS if mark in logged() + "".join(capfd.readouterr())] == []
    assert [mark for mark in (BED, CHANNEL, UNIT, SOURCE, *NOWHERE) if mark in "".join(answers + printed)] == []


def _slot_once() -> str:
    return fcv("feed", "run", "--once").splitlines()[-1]


def _post_csv(http: FlaskClient, token: dict[str, str], text: str) -> str:
    return http.post("/observations", data=text, headers=token | {"Content-Type": "text/csv"}).text


def _csv_bodies(rows: list[dict[str, Any]]) -> list[str]:
    """Return a table with a wrong cell, one with a line that is too long, and one whose header is no table's."""
    names = [name for name in rows[0] if name != "sede"]
    lines = [",".join("" if row[name] is None else str(row[name]) for name in names) for row in rows]
    table_ = "\n".join([",".join(names), *lines])
    return [f"{table_}\n{WRONG},{WRONG}", f"{table_}\n{lines[0]},{WRONG}", WRONG, f"{WRONG},valor\n{WRONG},1"]
