"""The member `alert` of answers: only under an active policy, while an alert holds, and the same for a retry."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from force import TEXT, enforce, happened, simulated

from fcv_api.alerts import query
from fcv_api.domain.policy import Policy
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN, Registry
from fcv_api.wire.example import example_batch, example_csv, example_request

Headers = dict[str, str]
LOW = TEXT.replace("0.3", "0.001")
SHA256 = Registry(SHIPPED_IN).artifact(SHIPPED).manifest.sha256
CSV = {"Content-Type": "text/csv", "Accept": "text/csv"}


@pytest.fixture
def policy(app: object) -> Policy:
    """Put a policy in force under which the example alerts."""
    assert app
    enforce(LOW, SHA256)
    return Policy.read(LOW)


def predict(http: FlaskClient, token: Headers, **headers: str) -> dict[str, Any]:
    response = http.post("/predict", json=example_request(), headers=token | headers)
    assert response.status_code == 200
    body: dict[str, Any] = response.get_json()
    return body


def test_without_an_active_policy_no_answer_has_the_member(http: FlaskClient, token: Headers) -> None:
    assert "alert" not in predict(http, token)


def test_an_alert_is_new_once_and_then_holds(http: FlaskClient, token: Headers, policy: Policy) -> None:
    first, second = predict(http, token)["alert"], predict(http, token)["alert"]
    assert first == {
        "policy": "ours/1.0.0",
        "cause": "Bajo_gasto_cardiaco",
        "raised_at": "2024-03-03T14:30:00.000000Z",
        "new": True,
        "silenced_until": "2024-03-03T15:30:00.000000Z",
    }
    assert second == first | {"new": True}  # the same window says the same
    assert happened() == simulated(policy, SHA256)
    assert [each.kind for each in query.events()] == ["raised"]


def test_a_retry_gets_the_same_alert_and_makes_no_event(http: FlaskClient, token: Headers, policy: Policy) -> None:
    assert policy
    key = {"Idempotency-Key": "k1"}
    first, again = (http.post("/predict", json=example_request(), headers=token | key) for _ in range(2))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.data == again.data
    assert first.get_json()["alert"]["new"] is True
    assert len(query.events()) == 1


def test_a_batch_has_it_by_result_in_json_and_in_csv(http: FlaskClient, token: Headers, policy: Policy) -> None:
    assert policy
    body = http.post("/predict/batch", json=example_batch(), headers=token).get_json()
    assert [each.get("alert", {}).get("cause") for each in body["results"]] == ["Bajo_gasto_cardiaco", None]
    text = http.post("/predict/batch", data=example_csv(), headers=token | CSV).text
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert [(row["alert"], row["alert_new"]) for row in rows] == [("Bajo_gasto_cardiaco", "true"), ("", "")]


def test_a_csv_without_an_alert_has_no_more_columns_than_before(http: FlaskClient, token: Headers) -> None:
    assert "alert" not in http.post("/predict/batch", data=example_csv(), headers=token | CSV).text


@pytest.mark.parametrize("settings", [{"LEDGER": "off"}], indirect=True)
def test_without_a_record_nothing_alerts(http: FlaskClient, token: Headers, policy: Policy) -> None:
    assert policy
    assert "alert" not in predict(http, token)


def test_readiness_is_degraded_where_the_policy_counts_the_scores_of_another_model(
    http: FlaskClient, policy: Policy
) -> None:
    assert policy
    assert http.get("/health/ready").get_json()["checks"]["alerts"] == {
        "status": "ok",
        "detail": "ours/1.0.0 is in force.",
    }
    enforce(LOW, "0" * 64)
    answer = http.get("/health/ready")
    assert answer.status_code == 200
    assert answer.get_json()["checks"]["alerts"]["status"] == "degraded"


def test_the_openapi_document_describes_it(http: FlaskClient, token: Headers, policy: Policy) -> None:
    assert policy
    schemas = http.get("/openapi.json").get_json()["components"]["schemas"]
    assert (
        set(predict(http, token)["alert"]) == set(schemas["Alert"]["properties"]) == set(schemas["Alert"]["required"])
    )
    for name in ("Prediction", "Result", "Bed"):
        assert "alert" in schemas[name]["properties"]
        assert "alert" not in schemas[name].get("required", ())
