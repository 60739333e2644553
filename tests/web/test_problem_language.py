"""Problems in Spanish for who asks for it: titles alone. Types are for programs."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fcv_api.web.problem_language import language
from fcv_api.web.problems import PROBLEMS, answer

SPANISH = ("es", "es-CO", "ES", "es-419,es;q=0.9,en;q=0.8", "en;q=0.5, es;q=0.8", "de, fr;q=0.9, es;q=0.1", "es, en")
ENGLISH = (
    *("", "*", "en", "en-GB,es;q=0.9", "de", "es;q=0", "es;q=0, en;q=0.1", "es;q=0.3, en;q=0.7", "*, es;q=0"),
    *("est", "x" * 5000, ";;;q=", "es;q=nan", "ñ"),
)


@pytest.mark.parametrize(
    ("wished", "found"), [*((each, "es") for each in SPANISH), *((each, "en") for each in ENGLISH)]
)
def test_the_language_is_what_is_liked_best_of_both(wished: str, found: str) -> None:
    with Flask(__name__).test_request_context(headers={"Accept-Language": wished}):
        assert language() == found


def test_every_problem_has_its_title_in_both_and_nothing_else_differs(app: Flask) -> None:
    for slug, problem in PROBLEMS.items():
        answers: dict[str, Any] = {}
        for wished in ("en", "es-CO"):
            with app.test_request_context(headers={"Accept-Language": wished, "X-Request-ID": "a"}):
                answers[wished] = answer(slug, "In words.")
        english, spanish = answers["en"].get_json(), answers["es-CO"].get_json()
        assert (english["title"], spanish["title"]) == (problem.title, problem.spanish)
        assert english | {"title": ""} == spanish | {"title": ""}
        assert [each.headers["Content-Language"] for each in answers.values()] == ["en", "es"]
        assert all(each.headers["Vary"] == "Accept-Language" for each in answers.values())


def test_without_a_wish_an_answer_has_the_bytes_that_it_always_had(http: FlaskClient) -> None:
    response = http.get("/nothing", headers={"X-Request-ID": "a"})
    assert response.data == (
        b'{"type":"/problems/not-found","title":"There is nothing here","status":404,'
        b'"detail":"Nothing is at this path. GET /docs shows what there is.","request_id":"a"}\n'
    )


def test_refusals_of_every_kind_are_in_spanish(http: FlaskClient, token: dict[str, str]) -> None:
    spanish = {"Accept-Language": "es-CO"}
    refused = (
        http.get("/", headers=spanish),
        http.get("/nothing", headers=spanish),
        http.put("/predict", headers=spanish),
        http.post("/predict", data="{", headers=token | spanish, content_type="application/json"),
        http.post("/predict", json={}, headers=token | spanish),
    )
    titles = [response.get_json()["title"] for response in refused]
    slugs = ("not-authenticated", "not-found", "method-not-allowed", "not-json", "invalid-body")
    assert titles == [PROBLEMS[slug].spanish for slug in slugs]


def test_in_a_batch_each_failure_is_and_an_answer_without_one_has_no_language(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    batch = encounter | {"idAtencion": dict.fromkeys(encounter["nomSigno"], 5501)}
    few = {name: {"0": column["0"]} for name, column in batch.items()}
    scored, failed = (
        http.post("/predict/batch", json=each, headers=token | {"Accept-Language": "es"}) for each in (batch, few)
    )
    assert "Content-Language" not in scored.headers
    assert failed.headers["Content-Language"] == "es"
    assert "Accept-Language" in failed.vary
    assert failed.get_json()["results"][0]["error"]["title"] == PROBLEMS["too-few-instants"].spanish


def test_a_retry_gets_the_first_answer_in_the_language_of_the_first(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    few = {name: {"0": column["0"]} if isinstance(column, dict) else column for name, column in encounter.items()}
    keyed = token | {"Idempotency-Key": "a"}
    first, again = (
        http.post("/predict", json=few, headers=keyed | {"Accept-Language": wished}) for wished in ("es", "en")
    )
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.data) == (422, "true", first.data)
    assert again.headers["Content-Language"] == "es"
