"""`GET /predictions`, `/predictions/{id}` and its replay: what was recorded, to whom it is shown."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conftest import BOTH_DATABASES, MakeToken
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from fcv_api import scoring
from fcv_api.accounts import Role
from fcv_api.accounts.system import feed_test_account
from fcv_api.domain.window import WindowSpec, extract_window
from fcv_api.extensions import read_transaction, write_transaction
from fcv_api.ledger import query, record
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.tables import PredictionRow
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.records import CSV_COLUMNS

Body = dict[str, Any]
Headers = dict[str, str]


@pytest.fixture
def predict(http: FlaskClient, token: Headers, encounter: Body) -> Callable[..., Any]:
    """Post the encounter with changes, by whom a token says, and give the response."""

    def post(by: Headers = token, **changes: Any) -> Any:
        return http.post("/predict", json=encounter | changes, headers=by)

    return post


def nothing_measured(encounter: Body) -> Body:
    return {"valor": dict.fromkeys(encounter["valor"])}


def listed(http: FlaskClient, by: Headers, asked: str = "") -> list[Body]:
    response = http.get(f"/predictions{asked}", headers=by)
    assert response.status_code == 200, response.text
    found: list[Body] = response.get_json()["predictions"]
    return found


@BOTH_DATABASES
def test_an_answer_says_where_it_is_recorded_and_the_record_says_what_was_answered(
    http: FlaskClient, token: Headers, predict: Callable[..., Any]
) -> None:
    answered = predict()
    record = http.get(answered.headers["Location"], headers=token).get_json()
    answer = answered.get_json()
    assert {name: record[name] for name in answer} == answer
    assert (record["problem"], record["warnings"], record["model"]) == (None, answer["warnings"], "fcv-sim/2.0.0")
    assert record["request_id"] == answered.headers["X-Request-ID"]
    assert record["window"] == {"first": "2024-03-03T12:55:00.000000Z", "last": "2024-03-03T14:30:00.000000Z"}
    assert record["values"]["MDC_ECG_HEART_RATE"] == [104.0 - row for row in range(20)]
    assert 0 < record["duration"] < 5


def test_the_bodys_hash_is_recorded(http: FlaskClient, token: Headers, encounter: Body) -> None:
    body = json.dumps(encounter).encode()
    http.post("/predict", data=body, headers=token, content_type="application/json")
    assert listed(http, token)[0]["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_a_static_sign_that_was_never_sent_is_null_in_the_record(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], encounter: Body
) -> None:
    kept = {row: name for row, name in encounter["nomSigno"].items() if name != "MDC_LEN_BODY_ACTUAL"}
    changes = {name: {row: encounter[name][row] for row in kept} for name in ("idSigno", "valor", "fecRegistro")}
    record = http.get(predict(nomSigno=kept, **changes).headers["Location"], headers=token).get_json()
    assert record["values"]["MDC_LEN_BODY_ACTUAL"] == [None] * 20


@BOTH_DATABASES
def test_a_refusal_is_recorded_without_a_vital_sign(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], encounter: Body
) -> None:
    refused = predict(**nothing_measured(encounter))
    assert refused.status_code == 422
    assert "Location" not in refused.headers
    (record,) = listed(http, token)
    assert (record["problem"], record["idAtencion"]) == ("/problems/too-few-instants", 5501)
    assert [record[name] for name in ("State", "inferences", "warnings", "model", "window")] == [None] * 5
    (stored,) = query.stream(Wanted())
    assert stored.window_raw is None


def test_a_bed_whose_rows_cannot_be_read_leaves_a_trace_too(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], encounter: Body
) -> None:
    assert predict(valor=encounter["valor"] | {"0": "n/a"}).status_code == 422
    assert [each["problem"] for each in listed(http, token)] == ["/problems/invalid-rows"]


@pytest.mark.parametrize("settings", [{"LEDGER": "off"}], indirect=True, ids=["off"])
def test_with_the_record_switched_off_answers_are_given_and_nothing_is_kept(
    http: FlaskClient, token: Headers, predict: Callable[..., Any]
) -> None:
    answered = predict()
    assert answered.status_code == 200
    assert "Location" not in answered.headers
    assert listed(http, token) == []


def test_clients_see_their_own_and_readers_and_admins_all(
    http: FlaskClient, make_token: MakeToken, predict: Callable[..., Any]
) -> None:
    ana, bea = make_token("one"), make_token("two")
    mine, hers = predict(ana).headers["Location"], predict(bea).headers["Location"]
    assert [f"/predictions/{each['id']}" for each in listed(http, ana)] == [mine]
    for path in (hers, f"{hers}/replay", f"{mine[:-1]}/replay", "/predictions/%00"):
        assert http.get(path, headers=ana).status_code == 404
    assert http.get("/predictions?latest=1", headers=bea).get_json()["encounters"][0]["score"]["id"] in hers
    for role in (Role.READER, Role.ADMIN):
        by = make_token(role.value, role)
        assert len(listed(http, by)) == 2
        assert http.get(hers, headers=by).status_code == 200


@BOTH_DATABASES
def test_records_are_filtered(http: FlaskClient, token: Headers, predict: Callable[..., Any], encounter: Body) -> None:
    predict()
    predict(idAtencion=5502)
    predict(idAtencion=5502, **nothing_measured(encounter))
    assert len(listed(http, token, "?idAtencion=5502")) == 2
    assert len(listed(http, token, "?State=Sano")) == 2
    assert listed(http, token, "?State=Arresto_cardiaco") == []
    assert len(listed(http, token, "?model=fcv-sim")) == 2
    assert listed(http, token, "?model=fcv-sim/9") == []
    at = listed(http, token, "?idAtencion=5501")[0]["at"]
    assert len(listed(http, token, f"?since={at}")) == 3
    assert listed(http, token, f"?until={at}") == []
    assert listed(http, token, "?since=2020-01-01T00:00:00&until=2021-01-01T00:00:00-05:00") == []


@pytest.mark.parametrize(
    "asked",
    [
        *("encounter=1", "State=Healthy", "limit=0", "cursor=x", "cursor=LTE", "since=yesterday"),
        *("since=0001-01-01T00:00:00", "idAtencion=9223372036854775808", "model=a/b/c", "model=%00"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused_and_not_ignored(http: FlaskClient, token: Headers, asked: str) -> None:
    response = http.get(f"/predictions?{asked}", headers=token)
    assert (response.status_code, response.get_json()["type"]) == (422, "/problems/invalid-query")
    assert response.get_json()["errors"][0]["column"] == asked.partition("=")[0]


def test_records_of_test_systems_beds_are_left_out_unless_they_are_asked_for(
    http: FlaskClient, make_token: MakeToken, predict: Callable[..., Any]
) -> None:
    predict()
    predict(idAtencion=77)
    account = feed_test_account()
    with write_transaction() as session:
        session.execute(update(PredictionRow).where(PredictionRow.encounter == 77).values(user_id=account.id))
    reader = make_token("rosa", Role.READER)
    for asked, wanted in (("", [5501]), ("?test=1", [77, 5501]), ("?idAtencion=77", [])):
        assert [each["idAtencion"] for each in listed(http, reader, asked)] == wanted
    latest = http.get("/predictions?latest=1", headers=reader).get_json()["encounters"]
    assert [each["idAtencion"] for each in latest] == [5501]


@pytest.mark.parametrize("latest", [0, 1])
def test_pages_follow_each_other_without_a_gap(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], latest: int
) -> None:
    for number in range(5):
        predict(idAtencion=number)
    seen, path = [], f"/predictions?limit=2&latest={latest}"
    while path:
        response = http.get(path, headers=token)
        page = response.get_json()
        seen += [each["idAtencion"] for each in page["encounters" if latest else "predictions"]]
        path = response.headers.get("Link", "").partition(">")[0][1:]
        assert bool(page["next"]) == bool(path)
    assert seen == [4, 3, 2, 1, 0]


@BOTH_DATABASES
def test_the_latest_of_each_encounter_is_its_last_score_its_age_and_its_last_refusal(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], encounter: Body
) -> None:
    predict()
    last = predict().headers["Location"]
    predict(**nothing_measured(encounter))
    predict(idAtencion=5502, **nothing_measured(encounter))
    predict(idAtencion=5503)
    third, second, first = http.get("/predictions?latest=1", headers=token).get_json()["encounters"]
    assert [each["idAtencion"] for each in (first, second, third)] == [5501, 5502, 5503]
    assert f"/predictions/{first['score']['id']}" == last
    assert 0 <= first["age_seconds"] < 60
    assert first["refusal"]["problem"] == "/problems/too-few-instants"
    assert (second["score"], second["age_seconds"]) == (None, None)
    assert third["refusal"] is None


def test_the_record_is_given_as_csv(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], encounter: Body
) -> None:
    answer = predict().get_json()
    predict(**nothing_measured(encounter))
    response = http.get("/predictions", headers=token | {"Accept": "text/csv"})
    assert response.content_type == "text/csv; charset=utf-8"
    refused, scored = csv.DictReader(response.text.splitlines())
    assert tuple(scored) == CSV_COLUMNS
    assert (scored["State"], scored["Sano"]) == (answer["State"], str(answer["inferences"]["Sano"]))
    assert (refused["problem"], refused["State"]) == ("/problems/too-few-instants", "")


def test_no_cell_of_the_csv_is_a_formula_though_a_client_names_its_request_so(
    http: FlaskClient, token: Headers, encounter: Body
) -> None:
    http.post("/predict", json=encounter, headers=token | {"X-Request-ID": "-2-3"})
    response = http.get("/predictions", headers=token | {"Accept": "text/csv"})
    (scored,) = csv.DictReader(response.text.splitlines())
    assert scored["request_id"] == "'-2-3"
    assert not [cell for cell in scored.values() if cell[:1] in tuple("=+-@")]


@pytest.mark.parametrize("number", [5501, 5502])
def test_a_replay_on_the_same_machine_is_equal_to_the_last_bit(
    http: FlaskClient, token: Headers, root: Any, number: int
) -> None:
    body = (root / "tests" / "fixtures" / f"encounter_{number}.json").read_bytes()
    answered = http.post("/predict", data=body, headers=token, content_type="application/json")
    replayed = http.get(f"{answered.headers['Location']}/replay", headers=token).get_json()
    assert (replayed["verdict"], replayed["same_runtime"], replayed["largest_difference"]) == ("equal", True, 0)
    assert replayed["inferences"] == answered.get_json()["inferences"]


def change(**values: object) -> None:
    with write_transaction() as session:
        session.execute(update(PredictionRow).values(**values))


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ((5e-7, "another"), "within tolerance"),
        ((5e-6, "another"), "different"),
        ((5e-7, None), "different"),
        ((0, "another"), "equal"),
    ],
)
def test_how_close_a_replay_must_be_depends_on_what_computes(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], case: tuple[float, str | None], verdict: str
) -> None:
    off_by, runtime = case
    path = predict().headers["Location"]
    (record,) = query.stream(Wanted())
    probabilities = json.loads(record.probabilities or "")
    probabilities["none_of_these"] += off_by
    change(probabilities=json.dumps(probabilities), runtime=runtime or record.runtime)
    replayed = http.get(f"{path}/replay", headers=token).get_json()
    assert (replayed["verdict"], replayed["same_runtime"]) == (verdict, runtime is None)


@pytest.mark.parametrize(("column", "value"), [("model_version", "9.9.9"), ("model_sha256", "0" * 64)])
def test_a_model_that_is_not_here_is_said_and_not_guessed(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], column: str, value: str
) -> None:
    path = predict().headers["Location"]
    change(**{column: value})
    response = http.get(f"{path}/replay", headers=token)
    assert (response.status_code, response.get_json()["type"]) == (409, "/problems/model-missing")
    assert value in response.get_json()["detail"]


def test_there_is_nothing_to_replay_of_a_refusal(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], encounter: Body
) -> None:
    predict(**nothing_measured(encounter))
    (record,) = listed(http, token)
    response = http.get(f"/predictions/{record['id']}/replay", headers=token)
    assert (response.status_code, "refusal" in response.get_json()["detail"]) == (404, True)


def test_the_window_is_recorded_in_one_order_whatever_the_models(app: Flask, encounter: Body) -> None:
    read = EncounterSchema().load(encounter).read(app.extensions["fcv"].zone)
    spec = WindowSpec()
    backwards = replace(spec, signs=spec.signs[::-1])
    windows = [extract_window(read, each) for each in (spec, backwards)]
    assert scoring.in_one_order(windows[0]) == scoring.in_one_order(windows[1])


def test_no_answer_leaves_before_it_is_recorded(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "LAST", "SELECT seq, hash FROM nowhere")
    response = predict()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.get_json()["type"] == "/problems/database-unavailable"
    with read_transaction() as connection:
        assert connection.scalar(select(func.count()).select_from(PredictionRow)) == 0
    assert listed(http, token) == []


def test_the_latest_as_csv_says_how_old_each_record_is(
    http: FlaskClient, token: Headers, predict: Callable[..., Any]
) -> None:
    predict()
    response = http.get("/predictions?latest=1", headers=token | {"Accept": "text/csv"})
    (scored,) = csv.DictReader(response.text.splitlines())
    assert 0 <= float(scored["age_seconds"]) < 60


@pytest.mark.parametrize(
    "changes", [{"valor": None}, {"valor": 5}, {"nomSigno": ["MDC_TEMP"], "valor": [1, 2], "fecRegistro": []}], ids=str
)
def test_a_bed_whose_export_lost_a_column_leaves_a_trace(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], changes: Body
) -> None:
    assert predict(idSigno=None, **changes).status_code == 422
    (refused,) = http.get("/predictions?idAtencion=5501", headers=token).get_json()["predictions"]
    assert (refused["problem"], refused["State"]) == ("/problems/invalid-body", None)


def test_each_of_several_encounters_that_were_sent_as_one_has_its_refusal_recorded(
    http: FlaskClient, token: Headers, predict: Callable[..., Any], encounter: Body
) -> None:
    rows = list(encounter["nomSigno"])
    whose = {row: (41, 42, 43)[place % 3] for place, row in enumerate(rows)}
    assert predict(idAtencion=whose).status_code == 422
    found = {each["idAtencion"]: each["problem"] for each in listed(http, token)}
    assert found == dict.fromkeys((41, 42, 43), "/problems/several-encounters")
