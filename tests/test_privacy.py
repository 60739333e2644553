"""No vital sign, name, password, token or query is in anything that is logged, whatever route or command it came by."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from browser import signed_in
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from fcv_api import accounts, maintenance, scoring, security_log
from fcv_api.cli import main
from fcv_api.feed import store
from fcv_api.settings import Settings

VALUE, TEXT = 37.192837, "Zacarias-Quijano-4711"
NAME, PASSWORD, OTHER = "Nepomuceno", "sesamo abrete 99", "otra clave 7788"
QUERY = "Wenceslao"
# Longer than a moment of a log line (22:32:37,192) can end, and than six digits, which a request's name may hold.
NUMBERS = ("37.1928", "37,1928", "37192837")
MARKS = (*NUMBERS, "Zacarias", "Quijano", NAME, "sesamo", "otra clave", QUERY, "MDC_", "eyJ")


@pytest.fixture
def written(settings: Settings, log_file: object) -> Iterator[Callable[[], str]]:
    """Open both logs, and give what reads every file of their folder."""
    assert log_file
    with security_log.opened(settings.log_dir, settings.timezone):
        yield lambda: "".join(file.read_text("utf-8") for file in settings.log_dir.iterdir())


def found(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


@pytest.fixture
def marked(encounter: dict[str, Any]) -> list[dict[str, Any]]:
    """Give bodies that hold marks wherever a body holds anything."""
    good = encounter | {"valor": encounter["valor"] | {"7": VALUE}}
    spoilt = [
        encounter | {column: encounter[column] | {"7": TEXT}}
        for column in ("valor", "nomSigno", "fecRegistro", "idSigno")
    ]
    extra = encounter | {"unidad": {"7": TEXT}, "sede": {"7": TEXT}, TEXT: VALUE}
    short = {
        name: {"7": VALUE if name == "valor" else column["7"]} for name, column in encounter.items() if name[:2] != "id"
    }
    return [good, *spoilt, extra, short | {"idAtencion": 5501}, {TEXT: VALUE}, encounter | {"idAtencion": TEXT}]


def test_no_route_logs_what_it_was_sent(
    app: Flask,
    marked: list[dict[str, Any]],
    written: Callable[[], str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    http = app.test_client()
    credentials = {"username": NAME, "password": PASSWORD}
    tokens = [sign_up(http, credentials), {}, {"Authorization": f"Bearer {TEXT}"}, {"Authorization": f"Basic {TEXT}"}]
    bodies = [*marked, credentials, credentials | {"password": OTHER}, TEXT, [VALUE]]
    rules = sorted((rule.rule for rule in app.url_map.iter_rules()), key="/auth/logout".__eq__)  # that one last
    routes = [(rule, method) for rule in rules for method in ("GET", "POST")]
    for (rule, method), token in itertools.product(routes, tokens):
        path = rule.replace("<record_id>", "x").replace("<path:path>", "x")
        for body in bodies if method == "POST" else [None]:
            http.open(f"{path}?nombre={QUERY}", method=method, json=body, headers=token).close()
    assert found(written()) == []
    assert found("".join(capfd.readouterr())) == []
    assert written().count("'url'") > 200
    assert {'"sign-in"', '"sign-in-refused"', '"token-refused"'} <= set(written().replace(",", " ").split())


def test_the_memory_of_beds_logs_no_value_bed_channel_or_encounter(
    app: Flask, written: Callable[[], str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    http, number = app.test_client(), 192837465564738
    token = sign_up(http, {"username": NAME, "password": PASSWORD})
    rows = {"idAtencion": [number] * 3, "nomSigno": ["MDC_TEMP"] * 3, "valor": [VALUE, VALUE, TEXT]}
    times = [f"{datetime.now(UTC) - timedelta(minutes=minute)}" for minute in range(3)]
    more = {"fecRegistro": times, "cama": [TEXT] * 3, "canal": [TEXT, QUERY, None], "estado": ["F", "C", TEXT]}
    (result,) = http.post("/observations", json=rows | more, headers=token).get_json()["results"]
    assert (result["new"], len(result["errors"])) == (2, 1)

    def fail(*given: object, **_: object) -> None:
        raise RuntimeError(TEXT, VALUE, given)

    for place in ("store", "_store_one"):
        monkeypatch.setattr(store, place, fail)
        assert http.post("/observations", json=rows | more, headers=token).status_code == 500
        monkeypatch.undo()
    maintenance.run(Settings.from_environment(dotenv=None))
    logged = written() + "".join(capfd.readouterr())
    assert found(logged) == []
    assert str(number) not in logged
    assert NAME not in str(result)
    assert TEXT not in str(result)


def test_no_page_logs_what_its_forms_hold(
    app: Flask, written: Callable[[], str], capfd: pytest.CaptureFixture[str]
) -> None:
    browser = signed_in(app, NAME)
    token = browser.cookie() or ""
    for fields in ({"username": NAME, "password": OTHER}, {"username": TEXT, "password": PASSWORD}, {"token": token}):
        assert browser.sign_in("/sign-in?display=1", **fields).status_code == 401
    fields = {"csrf_token": browser.token_of("/ward"), "record": TEXT, "next": f"/ward/{QUERY}"}
    for changed in ({}, {"csrf_token": TEXT}):
        browser.post(f"/ward/seen?next={QUERY}", fields | changed, Referer=f"http://localhost/{QUERY}")
    browser.client.set_cookie("fcv_session", TEXT)
    browser.get(f"/ward?next={QUERY}")
    assert found(written() + "".join(capfd.readouterr())) == []
    assert {'"sign-in-refused"', '"token-refused"', '"form-refused"'} <= set(written().replace(",", " ").split())


def sign_up(http: FlaskClient, credentials: dict[str, str]) -> dict[str, str]:
    http.post("/auth/create_user", json=credentials)
    token = http.post("/auth/token", json=credentials).get_json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("place", ["assess", "entry_of"])
def test_no_error_of_ours_logs_what_it_was_about(
    app: Flask,
    marked: list[dict[str, Any]],
    written: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    def fail(*given: object, **_: object) -> None:
        raise RuntimeError(TEXT, VALUE, given)

    http, credentials = app.test_client(), {"username": NAME, "password": PASSWORD}
    token = sign_up(http, credentials)
    monkeypatch.setattr(scoring, place, fail)
    http.post("/predict", json=marked[0], headers=token)
    monkeypatch.setattr(accounts, "claim", fail)
    http.post("/auth/token", json=credentials)
    assert written().count("unexpected RuntimeError") == 2
    assert found(written()) == []


@pytest.mark.usefixtures("app")
def test_no_command_logs_a_name_or_a_password(written: Callable[[], str]) -> None:
    def run(*arguments: str, stdin: str = PASSWORD) -> None:
        CliRunner().invoke(main, arguments, input=stdin)

    for _ in range(2):
        run("users", "add", NAME, "--password-file", "-")
    run("users", "passwd", NAME, "--password-file", "-", stdin=OTHER)
    run("users", "token", NAME, "--days", "3")
    run("users", "revoke", NAME, TEXT)
    for command in ("disable", "enable", "list", "tokens"):
        run("users", command, *([NAME] if command != "list" else []))
    run("model", "activate", "fcv-sim/2.0.0", "--reason", TEXT, "--by", NAME)
    assert {"account-made", "machine-token-made", "model-activated"} <= set(written().split('"'))
    assert found(written()) == []


def test_what_is_looked_for_would_be_found(written: Callable[[], str]) -> None:
    security_log.write(NAME, value=str(VALUE))
    assert {NAME, "37.1928"} <= set(found(written()))
