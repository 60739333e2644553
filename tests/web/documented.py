"""How each problem that a client can be answered with is reached, route by route."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts_over_http import PASSWORD
from conftest import MakeToken
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from fcv_api.accounts import Role
from fcv_api.extensions import write_transaction
from fcv_api.ledger.tables import PredictionRow
from fcv_api.wire.example import example_batch, example_csv, example_request
from fcv_api.wire.observation_answer import example_observations

Body = dict[str, Any]
JSON = "application/json"
ROW = "16"
"""A row of the example's second instant: one of the temperature."""


class _CutOff(io.RawIOBase):
    """A body whose sender went away."""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, _buffer: object) -> int:
        """Fail, as a server does."""
        raise OSError("the connection is gone")


CUT_OFF = {"wsgi.input": _CutOff(), "CONTENT_LENGTH": "9"}


@dataclass(frozen=True)
class Caller:
    """Who asks: a client with a token, and whoever else a row needs."""

    http: FlaskClient
    make_token: MakeToken

    def client(self) -> dict[str, str]:
        """Give a client's header."""
        return self.make_token("ana")

    def post(self, path: str, **sent: Any) -> TestResponse:
        """Post as a client, unless a row says as whom."""
        headers = sent.pop("headers", {})
        token = sent.pop("token", None)
        token = self.client() if token is None else token
        return self.http.post(path, headers=token | headers, **sent)


Ask = Callable[[Caller], TestResponse]


@dataclass(frozen=True)
class Row:
    """One problem of one route, as the OpenAPI document names them. settings: of the service that answers so."""

    route: str
    slug: str
    ask: Ask
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def pair(self) -> tuple[str, str]:
        """What the document says."""
        return self.route, self.slug


CREDENTIALS = {"username": "bea", "password": PASSWORD}
BODIES: dict[str, Body] = {
    "/predict": example_request(),
    "/predict/batch": example_batch(),
    "/observations": example_observations(),
    "/auth/create_user": CREDENTIALS,
    "/auth/token": CREDENTIALS,
}
WITH_TOKEN = ("GET /", "GET /model", "GET /predictions", "GET /predictions/{record_id}", "POST /auth/logout")
EXPLANATION = f"{WITH_TOKEN[3]}/explanation"
UNCLOSED = f'{example_csv()}"1'
ONE_ENCOUNTER = {"MAX_ENCOUNTERS": "1"}
ENDLESS = f'{{"valor":[{"1," * 500_000}1]}}'
MANY = {"idAtencion": {row: 1 + int(row) % 2 for row in example_request()["valor"]}}
BY_ADMIN, CLOSED = {"REGISTRATION": "admin"}, {"REGISTRATION": "closed"}


def posting(path: str, **sent: Any) -> Ask:
    return lambda caller: caller.post(path, **sent)


def getting(path: str) -> Ask:
    return lambda caller: caller.http.get(path, headers=caller.client())


def as_nobody(route: str) -> Ask:
    method, path = route.replace("{record_id}", "some-id").split(" ")
    return lambda caller: caller.http.open(path, method=method, json=BODIES.get(path) if method == "POST" else None)


def with_cell(column: str, cell: object, row: str = ROW) -> Body:
    body = example_request()
    return body | {column: body.get(column, {}) | {row: cell}}


def without(sign: str) -> Body:
    body = example_request()
    rows = [row for row, name in body["nomSigno"].items() if name != sign]
    return body | {name: {row: cells[row] for row in rows} for name, cells in body.items() if isinstance(cells, dict)}


def under_other_names() -> Body:
    body = example_request()
    return body | {"nomSigno": dict.fromkeys(body["nomSigno"], "MDC_PRESS_BLD")}


def apart(step: timedelta, instants: int = 20) -> Body:
    """Give the example with its instants so far apart, and only so many of them."""
    body = example_request()
    last = datetime(2024, 3, 3, 9, 30)  # noqa: DTZ001 - as sent
    order = {time: at for at, time in enumerate(sorted(set(body["fecRegistro"].values()), reverse=True))}
    rows = [row for row, time in body["fecRegistro"].items() if order[time] < instants]
    moved = {row: str(last - order[body["fecRegistro"][row]] * step) for row in rows}
    kept = {name: {row: cells[row] for row in rows} for name, cells in body.items() if isinstance(cells, dict)}
    return body | kept | {"fecRegistro": moved}


def twice_with_one_key(path: str) -> Ask:
    def ask(caller: Caller) -> TestResponse:
        sent = {"headers": {"Idempotency-Key": "a"}, "token": caller.client()}
        caller.post(path, json=BODIES[path], **sent)
        return caller.post(path, json=BODIES[path] | {"sede": {}}, **sent)

    return ask


def taken(caller: Caller) -> TestResponse:
    caller.client()
    return caller.post("/auth/create_user", json={"username": "ana", "password": PASSWORD}, token={})


def guessing(caller: Caller) -> TestResponse:
    wrong = ({"username": "bea", "password": f"wrong password {number}"} for number in range(11))
    return [caller.post("/auth/token", json=each, token={}) for each in wrong][-1]


def after_its_model(caller: Caller) -> TestResponse:
    token = caller.client()
    return caller.http.get(f"{_of_no_model(caller, token)}/replay", headers=token)


def explained_after_its_model(caller: Caller) -> TestResponse:
    place = _of_no_model(caller, caller.client())
    return caller.http.get(f"{place}/explanation", headers=caller.make_token("rosa", Role.READER))


def explained_without_a_record(caller: Caller) -> TestResponse:
    return caller.http.get("/predictions/none/explanation", headers=caller.make_token("rosa", Role.READER))


def _of_no_model(caller: Caller, token: dict[str, str]) -> str:
    place = caller.post("/predict", json=example_request(), token=token).headers["Location"]
    with write_transaction() as session:
        session.execute(update(PredictionRow).values(model_version="9.9.9"))
    return place


def of_every_body(path: str) -> list[Row]:
    """Give the rows of a route that reads a body: what is no body, too much of one, or of another kind."""
    route, text = f"POST {path}", json.dumps(BODIES[path])
    settings = {} if path.startswith("/auth") else {"MAX_BODY_MB": "1"}
    sent: dict[str, Ask] = {
        "not-json": posting(path, data="{", content_type=JSON),
        "bad-request": posting(path, content_type=JSON, environ_overrides=CUT_OFF),
        "too-large": posting(path, data=" " * (2**20 + 1), content_type=JSON),
        "unsupported-media-type": posting(path, data=text, content_type="text/plain"),
        "unsupported-encoding": posting(path, data=text, content_type=JSON, headers={"Content-Encoding": "gzip"}),
        "invalid-body": posting(path, json={}),
    }
    return [Row(route, slug, ask, settings) for slug, ask in sent.items()]


def of_every_prediction(path: str) -> list[Row]:
    """Give the rows of both routes that predict."""
    spoilt = BODIES[path] | {"valor": BODIES[path]["valor"] | {ROW: "x"}}
    spoilt = spoilt if path == "/predict" else spoilt | {"idAtencion": BODIES[path]["idAtencion"] | {ROW: "x"}}
    return [
        Row(f"POST {path}", "not-authenticated", as_nobody(f"POST {path}")),
        Row(f"POST {path}", "not-allowed", lambda caller: _as_reader(caller, path)),
        Row(f"POST {path}", "bad-idempotency-key", posting(path, json={}, headers={"Idempotency-Key": "two words"})),
        Row(f"POST {path}", "idempotency-key-reused", twice_with_one_key(path)),
        Row(f"POST {path}", "invalid-rows", posting(path, json=spoilt)),
        Row(f"POST {path}", "table-too-large", posting(path, data=ENDLESS, content_type=JSON)),
        Row(f"POST {path}", "too-many-encounters", posting(path, json=example_request() | MANY), ONE_ENCOUNTER),
    ]


def of_observations(path: str) -> list[Row]:
    """Give the rows of the memory of beds, where no row can be told apart."""
    twice = '{"idAtencion":{"0":1},"nomSigno":{"0":"MDC_TEMP"},"valor":{"0":1,"0":2},"fecRegistro":{"0":"x"}}'
    return [
        Row(f"POST {path}", "not-authenticated", as_nobody(f"POST {path}")),
        Row(f"POST {path}", "not-allowed", lambda caller: _as_reader(caller, path)),
        Row(f"POST {path}", "not-csv", posting(path, data=UNCLOSED, content_type="text/csv")),
        Row(f"POST {path}", "invalid-rows", posting(path, data=twice, content_type=JSON)),
        Row(f"POST {path}", "table-too-large", posting(path, data=ENDLESS, content_type=JSON)),
        Row(f"POST {path}", "too-many-encounters", posting(path, json=example_request() | MANY), ONE_ENCOUNTER),
        Row("GET /beds", "not-authenticated", as_nobody("GET /beds")),
        Row("GET /beds", "not-allowed", getting("/beds")),
    ]


def _as_reader(caller: Caller, path: str) -> TestResponse:
    return caller.post(path, json=BODIES[path], token=caller.make_token("rosa", Role.READER))


def of_a_window(slug: str, body: Body, **settings: str) -> Row:
    return Row("POST /predict", slug, posting("/predict", json=body), settings)


ROWS = (
    *(row for path in BODIES for row in of_every_body(path)),
    *(row for path in ("/predict", "/predict/batch") for row in of_every_prediction(path)),
    *of_observations("/observations"),
    of_a_window("code-name-conflict", with_cell("idSigno", 150456)),
    of_a_window("several-encounters", example_request() | MANY),
    of_a_window("wrong-unit", with_cell("unidad", "MDC_DIM_KILO_G")),
    of_a_window("unit-missing", with_cell("valor", 98.6)),
    of_a_window("mixed-time-zones", with_cell("fecRegistro", "2024-03-03 08:00:00Z")),
    of_a_window("ambiguous-time", with_cell("fecRegistro", "2024-10-27 02:30:00"), TIMEZONE="Europe/Madrid"),
    of_a_window("too-few-instants", apart(timedelta(minutes=5), instants=19)),
    of_a_window("window-span", apart(timedelta(minutes=11))),
    of_a_window("missing-signs", without("MDC_PULS_OXIM_SAT_O2")),
    of_a_window("no-known-sign", under_other_names()),
    Row("POST /predict/batch", "not-csv", posting("/predict/batch", data=UNCLOSED, content_type="text/csv")),
    *(
        Row(route, "not-authenticated", as_nobody(route))
        for route in (*WITH_TOKEN, f"{WITH_TOKEN[3]}/replay", EXPLANATION)
    ),
    Row(EXPLANATION, "not-allowed", getting("/predictions/none/explanation")),
    Row(EXPLANATION, "not-found", explained_without_a_record),
    Row(EXPLANATION, "model-missing", explained_after_its_model),
    Row("GET /predictions", "invalid-query", getting("/predictions?limit=0")),
    Row("GET /predictions/{record_id}", "not-found", getting("/predictions/none")),
    Row("GET /predictions/{record_id}/replay", "not-found", getting("/predictions/none/replay")),
    Row("GET /predictions/{record_id}/replay", "model-missing", after_its_model),
    Row("POST /auth/create_user", "not-authenticated", as_nobody("POST /auth/create_user"), BY_ADMIN),
    Row("POST /auth/create_user", "not-allowed", posting("/auth/create_user", json=CREDENTIALS), BY_ADMIN),
    Row("POST /auth/create_user", "registration-closed", posting("/auth/create_user", json=CREDENTIALS), CLOSED),
    Row("POST /auth/create_user", "username-taken", taken),
    Row(
        *("POST /auth/create_user", "unusable-credentials"),
        posting("/auth/create_user", json=CREDENTIALS | {"password": "short"}),
    ),
    Row("POST /auth/token", "wrong-credentials", posting("/auth/token", json=CREDENTIALS)),
    Row("POST /auth/token", "too-many-attempts", guessing),
)
