"""A client that openapi-python-client generates from the document: by names, and with types that hold."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import FIXTURES, PASSWORD
from flask import Flask
from flask.testing import FlaskClient

from fcv_api.wire.example import example_csv

PACKAGE = "fcv_client"
NAME = "integration"


class Generated:
    """The generated package, and clients of it that call an app in this process."""

    def __init__(self, app: Flask) -> None:
        self.options = {
            "base_url": "http://fcv.test",
            "raise_on_unexpected_status": True,
            "httpx_args": {"transport": httpx.WSGITransport(app=app)},
        }

    def __getattr__(self, name: str) -> Any:
        """Return a class of the package by its name."""
        places = (PACKAGE, f"{PACKAGE}.models", f"{PACKAGE}.types")
        return next(getattr(import_module(each), name) for each in places if hasattr(import_module(each), name))

    def call(self, route: str, token: str = "", **arguments: Any) -> Any:
        """Call a route by its tag and its operationId, and return what the client made of the answer."""
        client = self.AuthenticatedClient(token=token, **self.options) if token else self.Client(**self.options)
        with client as opened:
            return import_module(f"{PACKAGE}.api.{route}").sync(client=opened, **arguments)


@pytest.fixture
def generated(app: Flask, http: FlaskClient, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Generated:
    """Generate the client as docs/clients.md says. What the generator would leave out is a warning, and fails."""
    (tmp_path / "openapi.json").write_bytes(http.get("/openapi.json").data)
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--meta", "none"]
    config = ["--config", str(root / "examples" / "openapi-python-client.yml"), "--output-path", PACKAGE]
    done = subprocess.run(
        [*command, *config, "--fail-on-warning"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, "arning" in done.stdout + done.stderr) == (0, False), done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    return Generated(app)


@pytest.fixture(autouse=True)
def _forgotten() -> Any:
    """Leave no module of the generated package behind."""
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_a_generated_client_signs_in_predicts_sends_csv_and_observations_and_pages_the_record(
    generated: Generated,
) -> None:
    token = signed_in(generated)
    predicts_a_real_request(generated, token)
    sends_a_batch_of_csv(generated, token)
    posts_observations(generated, token)
    pages_the_record(generated, token)
    reads_a_problem(generated)


def signed_in(client: Generated) -> str:
    """Make an account, sign in by JSON and by the form, and return the token."""
    credentials = {"username": NAME, "password": PASSWORD}
    assert client.call("auth.create_user", body=client.Credentials.from_dict(credentials)) is None
    tokens = [
        client.call("auth.create_token", body=kind.from_dict(credentials))
        for kind in (client.Credentials, client.CredentialsForm)
    ]
    assert [each.token_type for each in tokens] == ["bearer", "bearer"]
    token: str = tokens[-1].access_token
    assert client.call("auth.who_am_i", token).user.username == NAME
    return token


def predicts_a_real_request(client: Generated, token: str) -> None:
    sent = json.loads((FIXTURES / "encounter_5501.json").read_bytes())
    answer = client.call("predict.predict", token, body=client.Encounter.from_dict(sent), idempotency_key="a")
    assert isinstance(answer, client.Prediction)
    assert answer.id_atencion == 5501
    parts = answer.inferences
    whole = parts.arresto_cardiaco + parts.bajo_gasto_cardiaco + parts.sano + parts.shock_cardiogenico
    assert whole == pytest.approx(1, abs=1e-3)
    assert answer.state == "Sano" or parts.sano < 0.5


def sends_a_batch_of_csv(client: Generated, token: str) -> None:
    table = client.File(payload=io.BytesIO(example_csv().encode()))
    scored, failed = client.call("batch.predict_batch", token, body=table).results
    assert (scored.id_atencion, failed.id_atencion) == (5501, 5502)
    assert 0 < scored.inferences.sano < 1
    assert (failed.error.type_, failed.error.need) == ("/problems/too-few-instants", 20)


def posts_observations(client: Generated, token: str) -> None:
    rows = {
        "idAtencion": ["7001", "7001"],
        "nomSigno": ["MDC_ECG_HEART_RATE", "MDC_TEMP"],
        "valor": [84.0, 36.6],
        "fecRegistro": [datetime.now(UTC).isoformat()] * 2,
        "cama": ["UCI-04", None],
        "estado": ["F", None],
    }
    answer = client.call("observations.post_observations", token, body=client.Observations.from_dict(rows))
    (taken,) = answer.results
    assert (taken.id_atencion, taken.new, taken.errors) == (7001, 2, [])


def pages_the_record(client: Generated, token: str) -> None:
    """Read the three records one a page: of the prediction, and of the batch's two encounters."""
    pages: list[Any] = []
    cursor: dict[str, str] = {}
    while page := client.call("predictions.list_predictions", token, limit=1, **cursor):
        pages.append(page)
        if page.next_ is None:
            break
        cursor = {"cursor": page.next_}
    records = [record for page in pages for record in page.predictions]
    assert [record.id_atencion for record in records] == [5502, 5501, 5501]
    refused, *scored = records
    assert (refused.problem, refused.inferences, refused.state) == ("/problems/too-few-instants", None, None)
    assert all(isinstance(record.inferences, client.Inferences) for record in scored)
    assert all(isinstance(record.window, client.WindowEnds) for record in scored)
    full = client.call("predictions.show_prediction", token, record_id=scored[0].id)
    assert len(full.values["MDC_TEMP"]) == 20


def reads_a_problem(client: Generated) -> None:
    answer = client.call("auth.who_am_i", "no token")
    assert (answer.type_, answer.status) == ("/problems/not-authenticated", 401)
