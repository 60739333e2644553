"""What real clients and exporters send, and what once was read wrongly or explained badly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import FIXTURES
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FIELD = FIXTURES / "field"
NAMES, IDS = "01-json-name-trailing-space", "04-float-ids-merge-patients"
COLUMNS_WANTED = "columns are wanted, each as {row: cell} or as a list, as DataFrame.to_dict() or to_dict('list')"


def post(http: FlaskClient, token: dict[str, str], file: str) -> TestResponse:
    """Post a file where its kind belongs."""
    path = FIELD / file
    door = "/predict" if path.name != "batch.json" and path.suffix == ".json" else "/predict/batch"
    kind = "text/csv" if path.suffix == ".csv" else "application/json"
    return http.post(door, data=path.read_bytes(), headers=token, content_type=kind)


def answered(http: FlaskClient, token: dict[str, str], file: str) -> dict[str, Any]:
    response = post(http, token, file)
    assert response.status_code == 200
    answer: dict[str, Any] = json.loads(response.data)
    return answer


def refused(http: FlaskClient, token: dict[str, str], file: str) -> dict[str, Any]:
    response = post(http, token, file)
    assert response.status_code == 422
    problem: dict[str, Any] = json.loads(response.data)
    return problem


def test_a_name_padded_with_blanks_is_read_at_every_door(http: FlaskClient, token: dict[str, str]) -> None:
    alone = answered(http, token, f"{NAMES}/predict.json")
    batch, table = (answered(http, token, f"{NAMES}/batch.{kind}")["results"] for kind in ("json", "csv"))
    assert [alone] == batch == table
    assert "critical_value" in {warning["code"] for warning in alone["warnings"]}


@pytest.mark.parametrize("file", ["predict.json", "batch.json"])
def test_two_patients_whose_numbers_came_as_floats_never_become_one(
    http: FlaskClient, token: dict[str, str], file: str
) -> None:
    problem = refused(http, token, f"{IDS}/{file}")
    assert "is a float too large to say which encounter it is" in problem["detail"]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_case_of_the_scheme_bearer_does_not_matter(
    http: FlaskClient, token: dict[str, str], encounter: dict[str, Any], scheme: str
) -> None:
    header = {"Authorization": token["Authorization"].replace("Bearer", scheme)}
    assert http.post("/predict", json=encounter, headers=header).status_code == 200
    assert http.get("/", headers=header).status_code == 200


@pytest.mark.parametrize("scheme", ["", "Basic ", "bearers ", "bearer  x "])
def test_another_scheme_is_none(http: FlaskClient, token: dict[str, str], scheme: str) -> None:
    header = {"Authorization": token["Authorization"].replace("Bearer ", scheme)}
    assert http.get("/", headers=header).status_code == 401


def test_a_row_key_that_comes_twice_is_named(http: FlaskClient, token: dict[str, str]) -> None:
    problem = refused(http, token, "08-json-duplicate-keys/row-twice.json")
    assert problem["type"] == "/problems/invalid-rows"
    assert "this row comes more than once" in problem["detail"]


def test_a_byte_order_mark_before_json_is_read(http: FlaskClient, token: dict[str, str]) -> None:
    assert post(http, token, "09-json-bom/predict.json").status_code == 200


@pytest.mark.parametrize("file", ["celsius", "fahrenheit"])
def test_units_as_people_write_them_are_known(http: FlaskClient, token: dict[str, str], file: str) -> None:
    answer = answered(http, token, f"10-unit-degree-sign/{file}.json")
    assert "unknown_unit" not in {warning["code"] for warning in answer.get("warnings", ())}


def test_names_with_philips_prefix_are_read_where_they_are_the_same_reference_id(
    http: FlaskClient, token: dict[str, str]
) -> None:
    body = json.loads((FIELD / "11-no-known-name/predict.json").read_bytes())
    answer = http.post("/predict", json=body, headers=token)
    assert answer.status_code == 200
    body["nomSigno"] = {row: f"VENDOR{name}" for row, name in body["nomSigno"].items()}
    problem = json.loads(http.post("/predict", json=body, headers=token).data)
    assert problem["type"] == "/problems/no-known-sign"
    assert "first names seen: VENDORNOM_BLD_PERF_INDEX, " in problem["detail"]


@pytest.mark.parametrize("file", ["sep-line", "tabs", "points"])
def test_what_spreadsheets_write_is_read(http: FlaskClient, token: dict[str, str], file: str) -> None:
    (result,) = answered(http, token, f"12-csv-first-line/{file}.csv")["results"]
    assert result.get("error", {}).get("type") != "/problems/invalid-rows"


@pytest.mark.parametrize(("file", "found"), [("records", "a list came, and"), ("split", "none of the columns")])
def test_rows_and_other_orientations_are_answered_with_what_is_wanted(
    http: FlaskClient, token: dict[str, str], file: str, found: str
) -> None:
    problem = refused(http, token, f"15-records/{file}.json")
    assert found in problem["detail"]
    assert COLUMNS_WANTED in problem["detail"]
