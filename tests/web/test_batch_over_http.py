"""`POST /predict/batch`: each encounter answered as `/predict` would, in JSON or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from fcv_api.accounts import Role
from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import Scorer
from fcv_api.wire.example import example_batch, example_csv, example_request

FIXTURES = Path(__file__).parents[1] / "fixtures"
Body = dict[str, Any]
CSV = {"Content-Type": "text/csv"}


def golden_batch() -> tuple[list[Body], Body]:
    singles = [json.loads((FIXTURES / f"encounter_{number}.json").read_bytes()) for number in (5501, 5502)]
    batch: Body = {name: {} for name in singles[0]}
    for single in singles:
        for name, column in batch.items():
            cells = single[name] if name != "idAtencion" else dict.fromkeys(single["nomSigno"], single[name])
            column.update({f"{single['idAtencion']} {row}": cell for row, cell in cells.items()})
    return singles, batch


def test_a_batch_equals_single_calls_to_the_last_bit(http: FlaskClient, token: dict[str, str]) -> None:
    singles, batch = golden_batch()
    response = http.post("/predict/batch", json=batch, headers=token)
    wanted = [http.post("/predict", json=single, headers=token).get_json() for single in singles]
    assert response.get_json() == {"results": wanted, "failed": 0}
    assert response.headers["FCV-Model"] == "fcv-sim/2.0.0"


def test_a_failure_is_the_problem_that_predict_answers(http: FlaskClient, token: dict[str, str]) -> None:
    headers = token | {"X-Request-ID": "round-7"}
    batch = example_batch()
    one = {name: {"180": cells["180"]} for name, cells in batch.items()}
    problem = http.post("/predict", json=one, headers=headers).get_json()
    answer = http.post("/predict/batch", json=batch, headers=headers).get_json()
    assert answer["failed"] == 1
    assert answer["results"][0] == http.post("/predict", json=example_request(), headers=headers).get_json()
    assert answer["results"][1] == {"idAtencion": 5502, "error": problem}
    assert problem["type"] == "/problems/too-few-instants"


def test_a_bad_cell_is_named_within_its_own_result(http: FlaskClient, token: dict[str, str]) -> None:
    batch = example_batch()
    batch["valor"]["180"] = "n/a"
    good, bad = http.post("/predict/batch", json=batch, headers=token).get_json()["results"]
    assert good["State"]
    assert bad["error"]["errors"] == [{"column": "valor", "row": "180", "reason": "must be a number or null, not text"}]


def spanish() -> str:
    lines = example_csv().replace(",", ";").splitlines()
    return "\r\n".join([lines[0], *(line.replace(".", ",") for line in lines[1:])])


@pytest.mark.parametrize("body", [example_csv(), "\ufeff" + spanish()], ids=["comma", "semicolon"])
def test_csv_says_the_same_as_json(http: FlaskClient, token: dict[str, str], body: str) -> None:
    headers = token | {"X-Request-ID": "a"}
    wanted = http.post("/predict/batch", json=example_batch(), headers=headers)
    response = http.post("/predict/batch", data=body.encode(), headers=headers | CSV)
    assert (response.content_type, response.get_json()) == ("application/json", wanted.get_json())


@pytest.mark.parametrize(("body", "separator"), [(example_csv(), ","), (spanish(), ";")], ids=["comma", "semicolon"])
def test_csv_is_answered_to_who_asks_for_it_and_as_it_came(
    http: FlaskClient, token: dict[str, str], body: str, separator: str
) -> None:
    response = http.post("/predict/batch", data=body, headers=token | CSV | {"Accept": "text/csv"})
    assert response.content_type == "text/csv; charset=utf-8"
    first, second = csv.DictReader(StringIO(response.text), delimiter=separator)
    single = http.post("/predict", json=example_request(), headers=token).get_json()
    assert first["State"] == single["State"]
    assert float(first["Sano"].replace(",", ".")) == single["inferences"]["Sano"]
    assert second["error"] == "/problems/too-few-instants"


@pytest.mark.parametrize("name", ["=1+1", "a;=1+1", "a\t@SUM(A1)", 'a"=1+1', "x;-1+1|cmd"], ids=repr)
def test_no_cell_of_a_csv_answer_is_a_formula_whatever_the_spreadsheet_parts_it_by(
    http: FlaskClient, token: dict[str, str], name: str
) -> None:
    batch = {"idAtencion": {"0": 1}, "nomSigno": {"0": name}, "valor": {"0": 1}, "fecRegistro": {"0": "2024-03-03"}}
    answer = http.post("/predict/batch", json=batch, headers=token | {"Accept": "text/csv"}).text
    rows = [row for separator in ",;\t|" for row in csv.reader(answer.splitlines(), delimiter=separator)]
    assert "no-known-sign" in answer
    assert not [cell for row in rows for cell in row if cell.strip(' "')[:1] in tuple("=+-@")]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/csv", "image/png"])
def test_everyone_else_gets_json(http: FlaskClient, token: dict[str, str], accept: str) -> None:
    response = http.post("/predict/batch", json=example_batch(), headers=token | {"Accept": accept})
    assert response.content_type == "application/json"


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"\xff", 400, "not-csv"),
        (example_csv().encode() + b"1,2\n", 400, "not-csv"),
        (b"", 422, "invalid-body"),
        (example_csv().replace("5501", "5.9").encode(), 422, "invalid-rows"),
    ],
)
def test_a_table_that_nobody_could_read_is_refused_whole(
    http: FlaskClient, token: dict[str, str], body: bytes, status: int, slug: str
) -> None:
    response = http.post("/predict/batch", data=body, headers=token | CSV | {"Accept": "text/csv"})
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.get_json()["type"] == f"/problems/{slug}"


def test_predict_points_to_the_batch_when_told_of_several_encounters(http: FlaskClient, token: dict[str, str]) -> None:
    response = http.post("/predict", json=example_batch(), headers=token)
    assert (response.status_code, response.get_json()["type"]) == (422, "/problems/several-encounters")
    assert "/predict/batch" in response.get_json()["detail"]


def test_predict_takes_a_column_of_one_encounter(http: FlaskClient, token: dict[str, str]) -> None:
    request = example_request()
    column = dict.fromkeys(request["valor"], "5501")
    answers = [http.post("/predict", json=request | {"idAtencion": each}, headers=token) for each in (5501, column)]
    assert answers[0].get_json() == answers[1].get_json()


def test_the_log_names_no_encounter_of_a_batch(http: FlaskClient, token: dict[str, str], log_file: Path) -> None:
    http.post("/predict/batch", json=example_batch(), headers=token)
    line = log_file.read_text().splitlines()[-1]
    assert "'encounter': None" in line
    assert "5501" not in line


def recorded(http: FlaskClient, token: dict[str, str]) -> list[tuple[int, str | None]]:
    """Give whose records there are, and the problem of each, the oldest first."""
    records = http.get("/predictions", headers=token).get_json()["predictions"]
    return [(each["idAtencion"], each.get("problem")) for each in reversed(records)]


def test_each_encounter_of_a_batch_is_recorded_a_refused_one_too(http: FlaskClient, token: dict[str, str]) -> None:
    assert http.post("/predict/batch", json=example_batch(), headers=token).status_code == 200
    assert recorded(http, token) == [(5501, None), (5502, "/problems/too-few-instants")]


def test_without_a_model_the_whole_batch_is_refused_and_each_encounter_recorded(
    http: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> Scorer:
        raise NoModel("There is no model.")

    service = http.application.extensions["fcv"]
    monkeypatch.setattr(service.models, "active", none)
    response = http.post("/predict/batch", json=golden_batch()[1], headers=token)
    assert (response.status_code, response.get_json()["type"]) == (503, "/problems/no-model")
    assert response.headers["Retry-After"]
    assert recorded(http, token) == [(5501, "/problems/no-model"), (5502, "/problems/no-model")]


def of_nobody(batch: Body) -> None:
    batch["idAtencion"]["7"] = None


def without_values(batch: Body) -> None:
    del batch["valor"]


def with_a_list(batch: Body) -> None:
    batch["valor"] = list(batch["valor"].values())


@pytest.mark.parametrize(
    ("spoil", "slug"),
    [(of_nobody, "invalid-rows"), (without_values, "invalid-body"), (with_a_list, "invalid-body")],
)
def test_a_batch_that_is_refused_whole_is_recorded_once_for_each_encounter_that_it_names(
    http: FlaskClient, token: dict[str, str], spoil: Callable[[Body], None], slug: str
) -> None:
    batch, headers = example_batch(), token | {"Idempotency-Key": "round-8"}
    spoil(batch)
    first, again = (http.post("/predict/batch", json=batch, headers=headers) for _ in range(2))
    assert (first.status_code, first.get_json()["type"]) == (422, f"/problems/{slug}")
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")
    assert recorded(http, token) == [(5501, f"/problems/{slug}"), (5502, f"/problems/{slug}")]


def test_a_table_that_is_refused_whole_is_recorded_for_each_encounter_too(
    http: FlaskClient, token: dict[str, str]
) -> None:
    table = example_csv().replace("valor", "otra")
    assert http.post("/predict/batch", data=table, headers=token | CSV).status_code == 422
    assert recorded(http, token) == [(5501, "/problems/invalid-body"), (5502, "/problems/invalid-body")]


@pytest.mark.parametrize("ids", [{"0": "x"}, [], None], ids=str)
def test_a_batch_that_names_no_encounter_leaves_a_line_in_the_log_and_its_key_free(
    http: FlaskClient, token: dict[str, str], log_file: Path, ids: object
) -> None:
    headers = token | {"Idempotency-Key": "round-9"}
    assert http.post("/predict/batch", json=example_batch() | {"idAtencion": ids}, headers=headers).status_code == 422
    assert "'problem': 'invalid-" in log_file.read_text().splitlines()[-1]
    assert recorded(http, token) == []
    assert http.post("/predict/batch", json=example_batch(), headers=headers).status_code == 200


@pytest.mark.parametrize(("role", "status"), [(Role.CLIENT, 200), (Role.READER, 403), (Role.ADMIN, 200)])
def test_a_reader_sends_no_batch(
    http: FlaskClient, make_token: Callable[..., dict[str, str]], role: Role, status: int
) -> None:
    assert http.post("/predict/batch", json=example_batch(), headers=make_token(role=role)).status_code == status


@pytest.mark.parametrize("content", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_batch_is_json_or_csv_and_nothing_else(http: FlaskClient, token: dict[str, str], content: str) -> None:
    response = http.post("/predict/batch", data=b"x", headers=token | {"Content-Type": content})
    assert (response.status_code, response.get_json()["type"]) == (415, "/problems/unsupported-media-type")


@pytest.mark.parametrize("settings", [{"MAX_ENCOUNTERS": "2"}], indirect=True, ids=["two"])
@pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
@pytest.mark.parametrize("spoilt", [{}, {"valor": None}, {"valor": 5}], ids=["whole", "without a column", "no column"])
def test_more_encounters_than_may_be_are_refused_and_none_is_recorded(
    http: FlaskClient, token: dict[str, str], path: str, spoilt: Body
) -> None:
    body = example_request() | {"idAtencion": {row: int(row) % 3 for row in example_request()["valor"]}} | spoilt
    answer = http.post(path, json=body, headers=token)
    problem = answer.get_json()
    assert (answer.status_code, problem["type"]) == (422, "/problems/too-many-encounters")
    assert problem["detail"].startswith("The rows are of 3 encounters, and one request may hold 2.")
    assert http.get("/predictions", headers=token).get_json()["predictions"] == []
