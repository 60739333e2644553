"""`Idempotency-Key`: the same request gets the first answer again, and makes no second record."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from conftest import BOTH_DATABASES, MakeToken
from fakes import FakeModel
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from fcv_api.app import DatabaseActivations
from fcv_api.domain.errors import NoModel
from fcv_api.domain.window import Matrix
from fcv_api.extensions import read_transaction, write_transaction
from fcv_api.extensions.cursors import on_sqlite
from fcv_api.ledger import replies as kept_replies
from fcv_api.ledger.record import utc_text
from fcv_api.ledger.tables import PredictionRow, ReplyRow
from fcv_api.lstm.swap import Serving
from fcv_api.settings import Settings
from fcv_api.web.retries import WARNINGS
from fcv_api.wire.example import example_batch, example_csv, example_request

Headers = dict[str, str]
Body = dict[str, Any]
KEY = {"Idempotency-Key": "ward-3:2024-03-03T09.30_5501"}
AT_ONCE = 4
"""As many as a process works on."""
KEPT_HEADERS = ("Content-Type", "Content-Length", "FCV-Model", "FCV-Window", "Location")


def records() -> int:
    with read_transaction() as connection:
        return connection.scalar(select(func.count()).select_from(PredictionRow)) or 0


def replies() -> int:
    with read_transaction() as connection:
        return connection.scalar(select(func.count()).select_from(ReplyRow)) or 0


def age(by: timedelta) -> str:
    """Make the kept answers older, and give their time."""
    at = utc_text(datetime.now(UTC) - by)
    with write_transaction() as session:
        session.execute(update(ReplyRow).values(at=at))
    return at


def is_replay(response: TestResponse) -> bool:
    told = response.headers.get("Idempotent-Replayed"), "Idempotent-First-Answered" in response.headers
    assert told in {("true", True), (None, False)}
    return told[1]


def check_same(again: TestResponse, first: TestResponse) -> None:
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert [again.headers.get(name) for name in KEPT_HEADERS] == [first.headers.get(name) for name in KEPT_HEADERS]
    assert (is_replay(again), is_replay(first)) == (True, False)


def problem(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["type"]


@BOTH_DATABASES
def test_a_retry_gets_the_same_answer_and_makes_no_second_record(
    http: FlaskClient, token: Headers, encounter: Body
) -> None:
    first, again = (http.post("/predict", json=encounter, headers=token | KEY) for _ in range(2))
    assert first.status_code == 200
    check_same(again, first)
    assert records() == 1
    assert http.get(again.headers["Location"], headers=token).get_json()["State"] == first.get_json()["State"]


def test_a_retry_says_when_it_was_answered_first(http: FlaskClient, token: Headers, encounter: Body) -> None:
    http.post("/predict", json=encounter, headers=token | KEY)
    first = age(timedelta(hours=23))
    again = http.post("/predict", json=encounter, headers=token | KEY)
    assert again.headers["Idempotent-First-Answered"] == first


def test_a_retry_has_a_request_id_and_a_line_in_the_log_of_its_own(
    http: FlaskClient, token: Headers, encounter: Body, log_file: Path
) -> None:
    http.post("/predict", json=encounter, headers=token | KEY)
    again = http.post("/predict", json=encounter, headers=token | KEY | {"X-Request-ID": "second"})
    assert again.headers["X-Request-ID"] == "second"
    line = log_file.read_text().splitlines()[-1]
    assert "'status': 200, 'request_id': 'second', 'user': 1, 'encounter': 5501, 'problem': None" in line
    assert line.endswith("'warnings': ['unvalidated_model']}")
    assert WARNINGS not in again.headers


def test_without_a_key_every_request_is_a_new_one(http: FlaskClient, token: Headers, encounter: Body) -> None:
    both = [http.post("/predict", json=encounter, headers=token) for _ in range(2)]
    assert not any(map(is_replay, both))
    assert (records(), replies()) == (2, 0)


@BOTH_DATABASES
def test_another_body_under_the_same_key_is_refused_and_not_recorded(
    http: FlaskClient, token: Headers, encounter: Body
) -> None:
    first = http.post("/predict", json=encounter, headers=token | KEY)
    other = http.post("/predict", json=encounter | {"idAtencion": 5502}, headers=token | KEY)
    assert problem(other) == (422, "/problems/idempotency-key-reused")
    assert "another body" in other.get_json()["detail"]
    assert not any(word in other.text for word in (first.get_json()["State"], "5501", KEY["Idempotency-Key"]))
    assert records() == 1


@pytest.mark.parametrize(
    ("path", "content"), [("/predict/batch", "application/json"), ("/predict", "text/csv")], ids=["path", "type"]
)
def test_the_same_body_to_another_path_or_of_another_type_is_refused(
    http: FlaskClient, token: Headers, encounter: Body, path: str, content: str
) -> None:
    encounter["idAtencion"] = dict.fromkeys(encounter["valor"], 5501)
    first = http.post("/predict", json=encounter, headers=token | KEY)
    assert (first.status_code, first.request.method) == (200, "POST")
    body = http.application.json.dumps(encounter)
    assert is_replay(http.post("/predict", data=body, headers=token | KEY | {"Content-Type": "application/json"}))
    other = http.post(path, data=body, headers=token | KEY | {"Content-Type": content})
    assert problem(other) == (422, "/problems/idempotency-key-reused")
    assert "another path or Content-Type" in other.get_json()["detail"]


@BOTH_DATABASES
def test_nobody_gets_the_answer_to_another_users_key(http: FlaskClient, make_token: MakeToken, encounter: Body) -> None:
    hers = http.post("/predict", json=encounter, headers=make_token("ana") | KEY)
    mine = http.post("/predict", json=encounter, headers=make_token("bea") | KEY)
    other = http.post("/predict", json=encounter | {"idAtencion": 1}, headers=make_token("eva") | KEY)
    assert not any(map(is_replay, (hers, mine, other)))
    assert len({each.headers["Location"] for each in (hers, mine, other)}) == 3
    assert (mine.status_code, other.get_json()["idAtencion"], records()) == (200, 1, 3)


def test_a_key_needs_its_token_again(http: FlaskClient, token: Headers, encounter: Body) -> None:
    http.post("/predict", json=encounter, headers=token | KEY)
    assert problem(http.post("/predict", json=encounter, headers=KEY)) == (401, "/problems/not-authenticated")
    assert is_replay(http.post("/predict", json=encounter, headers=token | KEY))


@BOTH_DATABASES
def test_after_a_day_the_key_is_new(http: FlaskClient, token: Headers, encounter: Body) -> None:
    first = http.post("/predict", json=encounter, headers=token | KEY)
    age(timedelta(hours=24))
    other = http.post("/predict", json=encounter | {"idAtencion": 5502}, headers=token | KEY)
    assert (other.status_code, is_replay(other), records(), replies()) == (200, False, 2, 1)
    assert other.headers["Location"] != first.headers["Location"]


def test_the_workers_watch_deletes_what_is_older_than_a_day(
    app: Flask, settings: Settings, http: FlaskClient, token: Headers, encounter: Body
) -> None:
    http.post("/predict", json=encounter, headers=token | KEY)
    watch = DatabaseActivations(app, settings)
    serving = Serving("host", 1, app.extensions["fcv"].models.active(), 0)
    watch.report(serving)
    assert replies() == 1
    age(timedelta(hours=24))
    watch.report(serving)
    assert (replies(), records()) == (0, 1)


@pytest.mark.parametrize("key", ["", " ", "a b", "ñ", "a" * 65, '"quoted"', "a,b", "../x", "a;b"])
@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
def test_a_malformed_key_is_refused(http: FlaskClient, token: Headers, path: str, key: str) -> None:
    body = example_request() if path == "/predict" else example_batch()
    response = http.post(path, json=body, headers=token | {"Idempotency-Key": key})
    assert problem(response) == (400, "/problems/bad-idempotency-key")
    assert "1 to 64 letters" in response.get_json()["detail"]
    assert records() == 0


# Refusals -------------------------------------------------------------------------------------------------------


@BOTH_DATABASES
def test_a_refusal_that_was_recorded_is_given_again_to_the_letter(
    http: FlaskClient, token: Headers, encounter: Body, log_file: Path
) -> None:
    encounter["valor"] = dict.fromkeys(encounter["valor"])
    first, again = (http.post("/predict", json=encounter, headers=token | KEY) for _ in range(2))
    assert problem(first) == (422, "/problems/too-few-instants")
    check_same(again, first)
    assert again.get_json()["request_id"] == first.headers["X-Request-ID"] != again.headers["X-Request-ID"]
    assert records() == 1
    assert log_file.read_text().count("'encounter': 5501, 'problem': 'too-few-instants'") == 2


@pytest.mark.parametrize(
    ("body", "refused"),
    [(b"{", (400, "/problems/not-json")), (b"{}", (422, "/problems/invalid-body"))],
)
def test_what_no_encounter_was_read_from_leaves_its_key_free(
    http: FlaskClient, token: Headers, encounter: Body, body: bytes, refused: tuple[int, str]
) -> None:
    headers = token | KEY | {"Content-Type": "application/json"}
    assert problem(http.post("/predict", data=body, headers=headers)) == refused
    assert http.post("/predict", json=encounter, headers=token | KEY).status_code == 200


@dataclass
class Models:
    """Gives one model, or none."""

    model: FakeModel | None

    def active(self) -> FakeModel:
        """Give it."""
        if self.model is None:
            raise NoModel("There is none.")
        return self.model


def serve(http: FlaskClient, monkeypatch: pytest.MonkeyPatch, model: FakeModel | None) -> None:
    monkeypatch.setattr(http.application.extensions["fcv"].models, "active", Models(model).active)


@pytest.mark.parametrize(
    ("model", "slug"), [(None, "no-model"), (FakeModel(outputs=(float("nan"),) * 4), "model-output")]
)
def test_a_failure_of_ours_is_tried_again_and_not_told_again(
    http: FlaskClient, token: Headers, monkeypatch: pytest.MonkeyPatch, model: FakeModel | None, slug: str
) -> None:
    with monkeypatch.context() as patch:
        serve(http, patch, model)
        failed = http.post("/predict", json=example_request(), headers=token | KEY)
        assert problem(failed) == (503, f"/problems/{slug}")
    again = http.post("/predict", json=example_request(), headers=token | KEY)
    assert (again.status_code, is_replay(again), records()) == (200, False, 2)


def test_a_batch_of_which_a_part_failed_by_our_fault_is_tried_again(
    http: FlaskClient, token: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        serve(http, patch, FakeModel(outputs=(float("nan"),) * 4))
        assert http.post("/predict/batch", json=example_batch(), headers=token | KEY).get_json()["failed"] == 2
    again = http.post("/predict/batch", json=example_batch(), headers=token | KEY)
    assert (again.get_json()["failed"], is_replay(again)) == (1, False)


@BOTH_DATABASES
@pytest.mark.parametrize("lost", ["valor", "nomSigno", "fecRegistro"])
def test_a_bed_whose_export_lost_a_column_is_refused_again_and_recorded_once(
    http: FlaskClient, token: Headers, encounter: Body, lost: str
) -> None:
    del encounter[lost]
    first, again = (http.post("/predict", json=encounter, headers=token | KEY) for _ in range(2))
    assert problem(first) == (422, "/problems/invalid-body")
    check_same(again, first)
    assert (records(), replies()) == (1, 1)


@BOTH_DATABASES
def test_several_encounters_sent_as_one_are_refused_again_and_each_recorded_once(
    http: FlaskClient, token: Headers, encounter: Body
) -> None:
    encounter["idAtencion"] = {row: 41 + at % 2 for at, row in enumerate(encounter["valor"])}
    first, again = (http.post("/predict", json=encounter, headers=token | KEY) for _ in range(2))
    assert problem(first) == (422, "/problems/several-encounters")
    check_same(again, first)
    assert (records(), replies()) == (2, 1)


@BOTH_DATABASES
def test_where_the_answer_cannot_be_kept_nothing_is_recorded_or_answered(
    http: FlaskClient, token: Headers, encounter: Body
) -> None:
    with write_transaction() as session:
        session.execute(text("ALTER TABLE replies RENAME COLUMN answer TO gone"))
    assert problem(http.post("/predict", json=encounter, headers=token | KEY)) == (
        503,
        "/problems/database-unavailable",
    )
    with write_transaction() as session:
        session.execute(text("ALTER TABLE replies RENAME COLUMN gone TO answer"))
    assert (records(), replies()) == (0, 0)
    again = http.post("/predict", json=encounter, headers=token | KEY)
    assert (again.status_code, is_replay(again), records()) == (200, False, 1)


# Batches --------------------------------------------------------------------------------------------------------


@BOTH_DATABASES
@pytest.mark.parametrize(
    ("content", "accept"),
    [("application/json", "application/json"), ("text/csv", "text/csv"), ("application/json", "text/csv")],
)
def test_a_batch_is_given_again_as_it_was_first_answered(
    http: FlaskClient, token: Headers, content: str, accept: str
) -> None:
    body = example_csv() if content == "text/csv" else http.application.json.dumps(example_batch())
    headers = token | KEY | {"Content-Type": content}
    first = http.post("/predict/batch", data=body, headers=headers | {"Accept": accept})
    check_same(http.post("/predict/batch", data=body, headers=headers | {"Accept": accept}), first)
    check_same(http.post("/predict/batch", data=body, headers=headers | {"Accept": "*/*"}), first)
    assert (first.status_code, first.mimetype, records()) == (200, accept, 2)


# At the same moment ---------------------------------------------------------------------------------------------


@dataclass
class TogetherModel(FakeModel):
    """Answers when as many are asking as there are parties: then none of them can have found an answer kept."""

    barrier: Barrier = field(default_factory=lambda: Barrier(AT_ONCE, timeout=20))

    def score(self, scaled: Matrix) -> Matrix:
        """Wait for the others, and give the outputs."""
        self.barrier.wait()
        return super().score(scaled)


@pytest.fixture
def _together(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(http, monkeypatch, TogetherModel())


def post_at_once(app: Flask, path: str, bodies: list[Body], headers: Headers) -> list[TestResponse]:
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(lambda body: app.test_client().post(path, json=body, headers=headers), bodies))


@BOTH_DATABASES
@pytest.mark.usefixtures("_together")
@pytest.mark.parametrize(("path", "recorded"), [("/predict", 1), ("/predict/batch", 2)])
def test_requests_at_the_same_moment_make_one_record_and_get_one_answer(
    app: Flask, token: Headers, path: str, recorded: int
) -> None:
    body = example_request() if path == "/predict" else example_batch()
    answers = post_at_once(app, path, [body] * AT_ONCE, token | KEY)
    (first,) = (each for each in answers if not is_replay(each))
    assert first.status_code == 200
    for again in answers:
        if again is not first:
            check_same(again, first)
    assert (records(), replies()) == (recorded, 1)


@BOTH_DATABASES
@pytest.mark.usefixtures("_together")
def test_of_different_requests_at_the_same_moment_one_gets_the_key(app: Flask, token: Headers) -> None:
    bodies = [example_request() | {"idAtencion": number} for number in range(AT_ONCE)]
    answers = post_at_once(app, "/predict", bodies, token | KEY)
    (first,) = (each for each in answers if each.status_code == 200)
    assert {problem(each) for each in answers if each is not first} == {(422, "/problems/idempotency-key-reused")}
    with read_transaction() as connection:
        kept = connection.scalars(select(PredictionRow.encounter)).all()
    assert kept == [first.get_json()["idAtencion"]]


# A writer that stood still --------------------------------------------------------------------------------------


@pytest.fixture
def _stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first writer stand still for longer than PostgreSQL lets a silent client hold the record's lock."""
    keep, stalls = kept_replies.keep, [True]

    def keep_late(cursor: Any, *given: Any) -> None:
        if stalls and not on_sqlite(cursor) and stalls.pop():
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
            time.sleep(0.2)
        keep(cursor, *given)

    monkeypatch.setattr(kept_replies, "keep", keep_late)


@BOTH_DATABASES
@pytest.mark.usefixtures("_stalled")
def test_an_answer_names_the_record_that_was_committed_and_no_other(
    http: FlaskClient, token: Headers, encounter: Body
) -> None:
    first, again = (http.post("/predict", json=encounter, headers=token | KEY) for _ in range(2))
    assert first.status_code == 200
    check_same(again, first)
    assert http.get(first.headers["Location"], headers=token).status_code == 200
    assert (records(), replies()) == (1, 1)


# Without the record ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"LEDGER": "off"}], indirect=True)
def test_without_the_record_nothing_is_kept_and_a_retry_is_a_new_request(
    http: FlaskClient, token: Headers, encounter: Body
) -> None:
    answers = [http.post("/predict", json=encounter, headers=token | KEY) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert not any(map(is_replay, answers))
    assert replies() == 0
