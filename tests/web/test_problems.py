"""The table of problems: whole, honest, and the only thing that ever answers an error."""

from __future__ import annotations

import ast
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fcv_api import scoring
from fcv_api.accounts import UnusableCredentials, UsernameTaken
from fcv_api.accounts.passwords import TooManyPasswords
from fcv_api.domain import bad_cells, errors
from fcv_api.domain.bad_cells import BadCells, Cell
from fcv_api.domain.errors import MissingSign, Unscorable
from fcv_api.fhir.finding import WrongSearch
from fcv_api.fhir.reading import WrongBundle
from fcv_api.lstm.artifact import ArtifactError
from fcv_api.web import problems
from fcv_api.web.problem_details import FACTS
from fcv_api.web.problems import LATER, NEVER, NEW_DATA, PROBLEMS, RAISED_BY_WERKZEUG, answer

NOW = datetime(2024, 3, 3, 9, 30, tzinfo=UTC)
BAD = (Cell("valor", "7", "must be a number"),), 3
SPAN = {"minutes": 9.5, "median_step": 0.5, "shortest": 47.5, "longest": 190.0}
EXAMPLES: tuple[Any, ...] = (
    bad_cells.InvalidBody(*BAD),
    bad_cells.InvalidRows(*BAD),
    errors.NoKnownSign(180, ("NOM_RESP_RATE",)),
    bad_cells.CodeNameConflict(*BAD),
    bad_cells.MixedTimeZones(*BAD),
    bad_cells.AmbiguousTime(*BAD),
    errors.TooFewInstants(have=3, need=20, ready_at=NOW),
    errors.WindowSpan(first=NOW, last=NOW, **SPAN),
    errors.MissingSigns((MissingSign("MDC_TEMP", None),), NOW, NOW),
    errors.ModelOutput("fake/1"),
    errors.IdentityConflict(),
    errors.Silent(NOW),
    errors.NoModel("There is none."),
    ArtifactError("The file is damaged."),
    UsernameTaken("This username is taken."),
    TooManyPasswords("Too many sign-ins wait already."),
    UnusableCredentials("password", "is too short"),
    bad_cells.InvalidQuery(*BAD),
    bad_cells.WrongUnit(*BAD),
    bad_cells.UnitMissing(*BAD),
    errors.SeveralEncounters((1, 2)),
    errors.TooManyEncounters(1_001, 1_000),
    errors.TableTooLarge("rows", 500_001, 500_000),
)


def facts_below(base: type[Exception]) -> set[type[Exception]]:
    """Give the product's facts below a base. `BadCells` only says what some of them share, and is not raised."""
    own = {fact for fact in base.__subclasses__() if fact.__module__.startswith("fcv_api.")}
    return (own | {fact for each in own for fact in facts_below(each)}) - {BadCells}


def test_no_slug_is_given_twice() -> None:
    source = ast.parse(Path(problems.__file__).read_text("utf-8"))
    calls = [node for node in ast.walk(source) if isinstance(node, ast.Call)]
    slugs = [ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", "") == "Problem"]
    assert sorted(slugs) == sorted(PROBLEMS)


def test_no_two_problems_share_a_type_or_a_title() -> None:
    for name in ("type", "title", "spanish"):
        assert len({getattr(problem, name) for problem in PROBLEMS.values()}) == len(PROBLEMS)


@pytest.mark.parametrize("slug", list(PROBLEMS))
def test_a_problem_has_a_status_a_time_to_retry_and_words_in_two_languages(slug: str) -> None:
    problem = PROBLEMS[slug]
    assert problem.type == f"/problems/{slug}"
    assert problem.status in {400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 500, 503}
    assert problem.retry in {NEVER, NEW_DATA, LATER}
    assert (problem.retry == LATER) == (problem.status in {429, 500, 503})
    assert problem.title
    assert problem.spanish not in ("", problem.title)


@pytest.mark.parametrize("slug", list(PROBLEMS))
def test_every_problem_is_answered_by_its_own_status(app: Flask, slug: str) -> None:
    with app.test_request_context():
        response = answer(slug, "In words.", more=5)
    body, problem = response.get_json(), PROBLEMS[slug]
    assert (response.status_code, response.content_type) == (problem.status, "application/problem+json")
    assert list(body) == ["type", "title", "status", "detail", "request_id", "more"]
    assert (body["type"], body["title"], body["status"]) == (problem.type, problem.title, problem.status)
    assert (response.headers.get("WWW-Authenticate") == "Bearer") == (problem.status == 401)
    assert ("Retry-After" in response.headers) == (problem.retry == LATER)


def test_every_fact_has_an_example_here_and_a_problem() -> None:
    of_fhir = {WrongBundle, WrongSearch}  # they are answered as an OperationOutcome, by problems that others have too
    raised = facts_below(Unscorable) | (set(FACTS) - {Unscorable} - of_fhir)
    assert {type(example) for example in EXAMPLES} == raised
    assert {example.code for example in EXAMPLES} <= set(PROBLEMS)


def test_no_two_facts_are_one_problem_but_those_of_a_missing_model() -> None:
    codes = [type(example).code for example in EXAMPLES if not isinstance(example, ArtifactError)]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_every_fact_that_is_raised_becomes_its_problem(app: Flask, fact: Any) -> None:
    with app.test_request_context():
        response = app.make_response(app.handle_user_exception(fact))
    body = json.loads(response.data)
    assert (response.status_code, body["type"]) == (PROBLEMS[fact.code].status, f"/problems/{fact.code}")
    assert body["detail"] == str(fact)


def test_what_flask_raises_has_a_problem_of_the_same_status() -> None:
    assert {status: PROBLEMS[slug].status for status, slug in RAISED_BY_WERKZEUG.items()} == {
        each: each for each in RAISED_BY_WERKZEUG
    }


def test_too_few_instants_tell_how_many_and_when(app: Flask) -> None:
    few = next(each for each in EXAMPLES if isinstance(each, errors.TooFewInstants))
    with app.test_request_context():
        body: Any = app.make_response(app.handle_user_exception(few)).get_json()
    assert (body["have"], body["need"], body["ready_at"]) == (3, 20, "2024-03-03 09:30:00+00:00")


# What nobody foresaw --------------------------------------------------------------------------------------------


@pytest.fixture
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scoring fail with a message that quotes a patient."""

    def fail(*_: object, **__: object) -> None:
        raise ValueError("secret 36.6")

    monkeypatch.setattr(scoring, "assess", fail)


@pytest.mark.usefixtures("_broken")
def test_an_unexpected_error_is_a_problem_without_its_message(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    response = http.post("/predict", json=encounter, headers=token)
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert response.get_json()["type"] == "/problems/internal-error"
    assert response.headers["X-Request-ID"] == response.get_json()["request_id"]
    assert not any(word in response.text for word in ("secret", "36.6", "ValueError", "Traceback"))


@pytest.mark.usefixtures("_broken")
def test_the_log_names_the_place_of_an_unexpected_error_and_not_its_message(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    http.post("/predict", json=encounter, headers=token)
    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "unexpected ValueError at" in caplog.text
    assert "test_problems.py" in caplog.text
    assert "secret" not in logged
    assert "36.6" not in logged


def test_an_encounter_goes_on_after_an_unexpected_error(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(scoring, "assess", None)
        assert http.post("/predict", json=encounter, headers=token).status_code == 500
    assert http.post("/predict", json=encounter, headers=token).status_code == 200
