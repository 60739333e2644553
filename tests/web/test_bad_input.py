"""Bodies that are refused as a whole: each by its status, its type, and words that say what to send instead."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fcv_api.settings import Settings

Body = dict[str, Any]
JSON = "application/json"
COLUMN = "must be an object of row keys and cells, or a list of cells"
NUMBER = "must be one whole number from 0 to 2**63 - 1"
ABSENT = object()
NO_NUMBERS: tuple[object, ...] = (5.9, "5.9", 2**63, -1, True, "x", "", [5501, None], {})


@pytest.fixture
def settings(make_settings: Callable[..., Settings], request: pytest.FixtureRequest) -> Settings:
    """Read the settings that a test is parametrized with."""
    return make_settings(**getattr(request, "param", {}))


Send = Callable[..., TestResponse]


@pytest.fixture
def send(http: FlaskClient, token: dict[str, str]) -> Send:
    """Post to `/predict` with a token."""

    def post(headers: dict[str, str] | None = None, **body: Any) -> TestResponse:
        return http.post("/predict", headers=token | (headers or {}), **body)

    return post


SMALL = pytest.mark.parametrize("settings", [{"MAX_BODY_MB": "1"}], indirect=True, ids=["1 MB"])


def refused(response: TestResponse, status: int, slug: str) -> Body:
    """Check what every refusal has, and give its body."""
    assert response.content_type == "application/problem+json", response.text
    problem: Body = json.loads(response.data)
    assert (response.status_code, problem["type"]) == (status, f"/problems/{slug}"), response.text
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert all(isinstance(problem[name], str) and problem[name] for name in ("title", "detail"))
    return problem


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"idAtencion=5501", id="a form"),
        pytest.param(b'{"idAtencion": 5501', id="cut short"),
        pytest.param(b'{"idAtencion": 1} {}', id="two documents"),
        pytest.param(b"{'idAtencion': 1}", id="repr"),
        pytest.param(b'{"valor": {"0": NaN}}', id="NaN"),
        pytest.param(b'{"valor": {"0": Infinity}}', id="Infinity"),
        pytest.param(b'{"valor": {"0": -Infinity}}', id="-Infinity"),
        pytest.param(b'{"valor": {"0": 1e999}}', id="1e999"),
        pytest.param(b'{"valor": {"0": 1' + b"0" * 400 + b"}}", id="10**400"),
        pytest.param(b"[" * 5000, id="5,000 brackets"),
        pytest.param(b"[" * 5000 + b"]" * 5000, id="5,000 brackets, closed"),
        pytest.param(b'{"valor":' * 5000 + b"1" + b"}" * 5000, id="5,000 braces"),
        pytest.param(b'{"nomSigno": {"0": "\\ud800"}}', id="lone surrogate"),
        pytest.param(b'{"nomSigno": {"0": "\xff\xfe"}}', id="not UTF-8"),
        pytest.param('{"idAtencion": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"nomSigno": {"0": "\x00"}}', id="NUL"),
    ],
)
def test_what_is_not_json_is_400(send: Send, data: bytes) -> None:
    problem = refused(send(data=data, content_type=JSON), 400, "not-json")
    assert problem["detail"].startswith("The body is not JSON: ")
    assert "errors" not in problem


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/plain", "text/csv", "application/x-www-form-urlencoded", "garbage", "", None]
)
def test_another_content_type_is_415_and_the_right_one_is_named(
    send: Send, encounter: Body, content_type: str | None
) -> None:
    response = send(data=json.dumps(encounter), content_type=content_type)
    assert "application/json" in refused(response, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "gzip, identity", ""])
def test_a_compressed_body_is_415(send: Send, encounter: Body, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}
    data = gzip.compress(json.dumps(encounter).encode())
    response = send(data=data, content_type=JSON, headers=headers)
    assert "Content-Encoding" in refused(response, 415, "unsupported-encoding")["detail"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_a_content_type_is_read_as_http_means_it(send: Send, encounter: Body, content_type: str) -> None:
    headers = {"Content-Encoding": "identity"}
    response = send(data=json.dumps(encounter), content_type=content_type, headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize("body", [[], [1], "text", 5, None, True], ids=repr)
def test_json_that_is_no_object_is_422(send: Send, body: object) -> None:
    response = send(data=json.dumps(body), content_type=JSON)
    (error,) = refused(response, 422, "invalid-body")["errors"]
    assert (error["column"], error["row"]) == ("body", None)


@pytest.mark.parametrize(
    ("column", "sent", "reason"),
    [
        *(("idAtencion", sent, NUMBER) for sent in NO_NUMBERS),
        ("idAtencion", None, "Field may not be null."),
        *((name, ABSENT, "Missing data for required field.") for name in ("idAtencion", "nomSigno", "valor")),
        ("fecRegistro", ABSENT, "Missing data for required field."),
        *((name, "text", COLUMN) for name in ("idSigno", "nomSigno", "valor", "fecRegistro")),
        ("valor", 5, COLUMN),
        ("valor", True, COLUMN),
        ("nomSigno", None, "Field may not be null."),
        ("fecRegistro", None, "Field may not be null."),
    ],
    ids=lambda part: "absent" if part is ABSENT else repr(part),
)
def test_a_column_that_is_missing_or_of_another_type_is_named(
    send: Send, encounter: Body, column: str, sent: object, reason: str
) -> None:
    body = {name: cells for name, cells in (encounter | {column: sent}).items() if cells is not ABSENT}
    problem = refused(send(json=body), 422, "invalid-body")
    assert problem["errors"] == [{"column": column, "row": None, "reason": reason}]
    assert problem["detail"] == f"{column}: {reason}"


def test_each_wrong_column_is_named(send: Send) -> None:
    problem = refused(send(json={"idAtencion": 5.9}), 422, "invalid-body")
    assert {error["column"] for error in problem["errors"]} == {"idAtencion", "nomSigno", "valor", "fecRegistro"}
    assert problem["detail"].endswith("(and 3 more)")


def test_lists_of_unequal_length_are_named_with_their_lengths(send: Send, encounter: Body) -> None:
    lists = {name: list(encounter[name].values()) for name in ("idSigno", "nomSigno", "valor", "fecRegistro")}
    lists["valor"].pop()
    problem = refused(send(json=encounter | lists), 422, "invalid-body")
    (error,) = problem["errors"]
    assert error["column"] in lists
    assert "nomSigno 180, valor 179" in error["reason"]


@SMALL
def test_a_body_over_the_limit_is_413(send: Send) -> None:
    response = send(data=b" " * (1024 * 1024 + 1), content_type=JSON)
    assert "1048576 bytes" in refused(response, 413, "too-large")["detail"]


@SMALL
def test_a_body_that_does_not_say_its_length_is_limited_too(send: Send) -> None:
    endless = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    stream = BytesIO(b" " * (1024 * 1024 + 1))
    response = send(input_stream=stream, content_type=JSON, environ_overrides=endless)
    refused(response, 413, "too-large")


@SMALL
def test_a_body_at_the_limit_is_read(send: Send, encounter: Body) -> None:
    data = json.dumps(encounter).encode().ljust(1024 * 1024)
    assert send(data=data, content_type=JSON).status_code == 200


@pytest.mark.parametrize("path", ["/nope", "/auth//token", "/predict/5", "/static/x", "/docs/nope", "/%00"])
def test_a_path_where_nothing_is_is_404(http: FlaskClient, path: str) -> None:
    refused(http.get(path), 404, "not-found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_another_method_is_405_and_the_right_one_is_named(http: FlaskClient, method: str) -> None:
    response = http.open("/predict", method=method)
    refused(response, 405, "method-not-allowed")
    assert "POST" in response.headers["Allow"]


def test_a_head_request_is_refused_without_a_body(http: FlaskClient) -> None:
    response = http.head("/predict")
    assert (response.status_code, response.data) == (405, b"")
    assert response.content_type == "application/problem+json"


def test_a_body_is_not_read_before_the_token(http: FlaskClient) -> None:
    refused(http.post("/predict", data=b"[" * 5000, content_type=JSON), 401, "not-authenticated")
