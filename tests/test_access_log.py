"""The log: one line a request, whatever the request holds, and nothing of a patient."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fcv_api import scoring
from fcv_api.app import create_app
from fcv_api.settings import Settings
from fcv_api.wire.example import example_batch, example_request

LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) , INFO , (\{.*\})")
KEYS = ["url", "method", "date", "duration", "status", "request_id", "user", "encounter", "problem"]
"""Of every line. One of an answer with warnings has their codes too."""
PASSWORD = "correct horse battery"


@pytest.fixture
def client(app: Flask, settings: Settings) -> FlaskClient:  # noqa: ARG001 - the app migrated the database
    """Give a client of a service without a context around it, as in production."""
    return create_app(settings).test_client()


@pytest.fixture
def log_file(client: FlaskClient, log_file: Path) -> Path:  # noqa: ARG001 - the client's start is no request
    """Give the log, opened after the service has started."""
    return log_file


def lines(log_file: Path) -> list[str]:
    """Read the lines of requests, split wherever any reader might."""
    return [line for line in log_file.read_text("utf-8").splitlines() if "'url'" in line]


def entry(log_file: Path) -> dict[str, Any]:
    """Read the last line."""
    found = LINE.fullmatch(lines(log_file)[-1])
    assert found
    content: dict[str, Any] = ast.literal_eval(found[2])
    return content


def test_a_line_is_as_in_the_thesis_and_what_is_new_comes_after(
    client: FlaskClient, log_file: Path, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    client.post("/predict", json=encounter, headers=token | {"X-Request-ID": "ward-3"})
    told = entry(log_file)
    assert list(told) == [*KEYS, "warnings"]
    assert (told["url"], told["method"], told["status"], told["request_id"]) == ("/predict", "POST", 200, "ward-3")
    assert (told["user"], told["encounter"], told["problem"]) == (1, 5501, None)
    assert isinstance(told["duration"], float)
    assert 0 < told["duration"] < 5


def test_the_codes_of_an_answers_warnings_are_logged_without_sign_or_figure(
    client: FlaskClient, log_file: Path, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    saturation = {row: 72.0 for row, name in encounter["nomSigno"].items() if name == "MDC_PULS_OXIM_SAT_O2"}
    encounter["valor"] |= saturation
    answer = client.post("/predict", json=encounter, headers=token).get_json()
    assert entry(log_file)["warnings"] == sorted({each["code"] for each in answer["warnings"]})
    assert "critical_value" in entry(log_file)["warnings"]
    assert all(re.fullmatch("[a-z_]+", code) for code in entry(log_file)["warnings"])


def test_a_batch_is_logged_with_the_codes_of_all_its_answers_and_a_refusal_with_none(
    client: FlaskClient, log_file: Path, token: dict[str, str]
) -> None:
    client.post("/predict/batch", json=example_batch(), headers=token)
    assert entry(log_file)["warnings"] == ["unvalidated_model"]
    client.post("/predict", json=example_request() | {"valor": {}}, headers=token)
    assert list(entry(log_file)) == KEYS
    client.get("/home")
    assert list(entry(log_file)) == KEYS


def test_times_are_those_of_the_wards_clock(client: FlaskClient, log_file: Path) -> None:
    client.get("/health/live")
    (line,) = lines(log_file)
    written = datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - as written
    told = datetime.strptime(entry(log_file)["date"], "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007
    now = datetime.now(ZoneInfo("America/Bogota")).replace(tzinfo=None)
    assert abs((now - written).total_seconds()) < 5
    assert abs((written - told).total_seconds()) <= 1


def test_every_request_writes_one_line_however_it_ends(
    client: FlaskClient,
    log_file: Path,
    token: dict[str, str],
    encounter: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.post("/predict", json=encounter, headers=token)
    client.get("/nowhere")
    client.put("/predict")
    client.get("/", headers={"Authorization": "Bearer x"})
    client.post("/predict", data=b"[" * 5000, content_type="application/json", headers=token)
    client.post("/predict", json={}, headers=token)
    monkeypatch.setattr(scoring, "assess", None)
    client.post("/predict", json=encounter, headers=token)
    told = [ast.literal_eval(line[line.index("{") :]) for line in lines(log_file)]
    assert [each["status"] for each in told] == [200, 404, 405, 401, 400, 422, 500]
    assert [each["problem"] for each in told[1:4]] == ["not-found", "method-not-allowed", "not-authenticated"]
    assert [each["problem"] for each in told[4:]] == ["not-json", "invalid-body", "internal-error"]
    assert [each["user"] for each in told] == [1, None, None, None, 1, 1, 1]


@pytest.mark.parametrize(
    "path",
    [
        "/a%0d%0ab",
        "/a%0Ab', 'status': 200}",
        "/%e2%80%a8",
        "/%c2%85%0b%0c%1c%1b[31m",
        "/%ff%fe",
        "/%00",
        "/é",
        "/" + "x" * 9000,
    ],
    ids=lambda path: path[:30],
)
def test_nothing_in_a_path_breaks_a_line_in_two(client: FlaskClient, log_file: Path, path: str) -> None:
    client.get(path)
    assert len(lines(log_file)) == 1
    assert len(log_file.read_text("utf-8").splitlines()) == 1
    assert entry(log_file)["status"] == 404
    assert lines(log_file)[0].isprintable()
    assert len(lines(log_file)[0]) < 1500


@pytest.mark.parametrize("method", ["GET\r\nX", "\u2028", "X" * 9000], ids=["CRLF", "U+2028", "long"])
def test_nothing_in_a_method_breaks_a_line_in_two(client: FlaskClient, log_file: Path, method: str) -> None:
    client.get("/home", environ_overrides={"REQUEST_METHOD": method})
    assert len(log_file.read_text("utf-8").splitlines()) == 1
    assert entry(log_file)["status"] == 405


def test_who_signed_in_is_told_by_number(client: FlaskClient, log_file: Path) -> None:
    credentials = {"username": "María José", "password": PASSWORD}
    client.post("/auth/create_user", json=credentials)
    client.post("/auth/token", json=credentials)
    assert entry(log_file)["user"] == 1
    client.post("/auth/token", json=credentials | {"password": "wrong password"})
    assert entry(log_file)["user"] is None
    assert "Mar" not in log_file.read_text("utf-8")


def test_no_value_state_probability_name_password_or_query_is_logged(
    client: FlaskClient, log_file: Path, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    encounter["valor"] |= {"7": 37.123456, "16": 37.654321}
    answer = client.post("/predict?nombre=Mar%C3%ADa&cama=7", json=encounter, headers=token).get_json()
    encounter["valor"]["7"] = "thirty-seven"
    client.post("/predict", json=encounter, headers=token)
    client.post("/auth/create_user", json={"username": "Zacarias", "password": PASSWORD})
    client.post("/auth/create_user", json={"username": "Zacarias", "password": PASSWORD})
    client.post("/auth/token", json={"username": "Zacarias", "password": "hunter two"})
    probabilities = [str(each)[:6] for each in answer["inferences"].values()]
    secrets = [PASSWORD, "hunter", "Zacarias", "ana", token["Authorization"][7:], "37.12", "37.65", "thirty", "MDC_"]
    text = log_file.read_text("utf-8")
    assert len(lines(log_file)) == 5
    assert [each for each in [*probabilities, *secrets, answer["State"], "cama", "Mar"] if each in text] == []


@pytest.mark.usefixtures("app")
def test_starting_is_told_once_and_standard_output_has_the_same_lines(settings: Settings, root: Path) -> None:
    request = "import wsgi; wsgi.app.test_client().get('/health/live')"
    process = subprocess.run([sys.executable, "-c", request], cwd=root, check=True, capture_output=True, timeout=60)
    text = (settings.log_dir / "app.log").read_text("utf-8")
    assert re.findall(r"^[\d :,-]+ , INFO , Starting FCV-MLAPI\.\.\.\.$", text, re.MULTILINE)
    assert (text.count("Starting FCV-MLAPI...."), text.count("'url'")) == (1, 1)
    assert process.stdout.decode() == text


def test_an_error_that_is_logged_stays_on_one_line_too(
    client: FlaskClient,
    log_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    encounter: dict[str, Any],
    token: dict[str, str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("first\nsecond")

    monkeypatch.setattr(scoring, "assess", fail)
    client.post("/predict", data=json.dumps(encounter), content_type="application/json", headers=token)
    *_, unexpected, request = log_file.read_text("utf-8").splitlines()
    assert "unexpected ValueError" in unexpected
    assert "'status': 500" in request


def test_the_duration_is_that_of_a_monotonic_clock(
    client: FlaskClient, log_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks: Callable[[], float] = iter([100.0, 100.25]).__next__
    monkeypatch.setattr("fcv_api.web.requests.perf_counter", ticks)
    client.get("/health/live")
    assert entry(log_file)["duration"] == 0.25
