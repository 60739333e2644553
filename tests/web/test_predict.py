"""`POST /predict`: what clients get, and by which rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import UNTRAINED
from flask.testing import FlaskClient

from fcv_api.accounts import Role
from fcv_api.cli import main
from fcv_api.settings import Settings

FIXTURES = Path(__file__).parents[1] / "fixtures"
COLUMNS = ("idSigno", "nomSigno", "valor", "fecRegistro")
KEYS = ("Arresto_Cardiaco", "Bajo_Gasto_Cardiaco", "Sano", "Shock_Cardiogenico")
STATES = ("Arresto_cardiaco", "Bajo_gasto_cardiaco", "Sano", "Shock_cardiogenico")
Body = dict[str, Any]
Predict = Callable[[Body], Any]


@pytest.fixture
def settings(make_settings: Callable[..., Settings], request: pytest.FixtureRequest) -> Settings:
    """Read the settings that a test is parametrized with."""
    return make_settings(**getattr(request, "param", {}))


PRODUCTION = pytest.mark.parametrize(
    "settings", [{"ENV": "production", "ALLOW_UNVALIDATED_MODEL": "1"}], indirect=True, ids=["production"]
)


@pytest.fixture
def predict(http: FlaskClient, token: dict[str, str]) -> Predict:
    """Post a body that works, and give the answer."""

    def post(body: Body) -> Any:
        response = http.post("/predict", json=body, headers=token)
        assert response.status_code == 200, response.text
        return response.get_json()

    return post


def golden(number: int) -> Body:
    body: Body = json.loads((FIXTURES / f"encounter_{number}.json").read_bytes())
    return body


@pytest.mark.parametrize("settings", [UNTRAINED], indirect=True, ids=["untrained"])
@pytest.mark.parametrize("number", [5501, 5502])
def test_a_real_export_gets_the_probabilities_that_keras_gives(
    predict: Predict, expected: dict[str, Any], number: int
) -> None:
    answer, wanted = predict(golden(number)), expected[f"encounter_{number}"]["lstm_relu_keras2"]
    assert list(answer["inferences"]) == list(KEYS)
    assert list(answer["inferences"].values()) == pytest.approx(wanted, abs=1e-5)
    assert answer["State"] == STATES[wanted.index(max(wanted))]


@pytest.mark.parametrize("number", [5501, 5502])
def test_the_headers_name_model_and_window(
    http: FlaskClient, token: dict[str, str], expected: dict[str, Any], number: int
) -> None:
    headers = http.post("/predict", json=golden(number), headers=token).headers
    window = expected[f"encounter_{number}"]
    assert headers["FCV-Model"] == "fcv-sim/2.0.0"
    assert headers["FCV-Window"] == f"{window['window_first']}/{window['window_last']}"
    assert headers["Content-Type"] == "application/json"


def test_in_development_too_an_answer_of_an_unvalidated_model_says_so_as_the_command_does(
    predict: Predict, encounter: Body, tmp_path: Path
) -> None:
    answer = predict(encounter)
    assert list(answer) == ["idAtencion", "inferences", "State", "warnings"]
    assert [each["code"] for each in answer["warnings"]] == ["unvalidated_model"]
    (tmp_path / "encounter.json").write_text(json.dumps(encounter))
    printed = CliRunner().invoke(main, ["predict", str(tmp_path / "encounter.json")]).stdout
    assert json.loads(printed)["warnings"] == answer["warnings"]
    assert answer["idAtencion"] == 5501
    assert sum(answer["inferences"].values()) == pytest.approx(1, abs=1e-3)


@PRODUCTION
def test_in_production_an_unvalidated_model_says_so_in_every_answer(predict: Predict, encounter: Body) -> None:
    answer = predict(encounter)
    assert list(answer) == ["idAtencion", "inferences", "State", "warnings"]
    warning, stale = answer["warnings"]
    assert (warning["code"], warning["sign"]) == ("unvalidated_model", None)
    assert stale["code"] == "stale"  # the example is of 2024
    assert "fcv-sim/2.0.0" in warning["detail"]


SATURATION = "MDC_PULS_OXIM_SAT_O2"


def test_a_saturation_in_the_danger_range_is_said_beside_the_score(predict: Predict, encounter: Body) -> None:
    quiet = predict(encounter)
    low = {row: 72.0 for row, name in encounter["nomSigno"].items() if name == SATURATION}
    encounter["valor"] |= low
    answer = predict(encounter)
    assert [each["code"] for each in quiet["warnings"]] == ["unvalidated_model"]
    _, critical, flat = answer["warnings"]
    assert critical == {
        "code": "critical_value",
        "sign": SATURATION,
        "detail": f"{SATURATION}: 72, 72, 72 % in the last 3 instants; 80 or less is critical.",
        "detail_es": f"{SATURATION}: 72; 72; 72 % en los últimos 3 instantes; 80 o menos es crítico.",
        "figures": {"count": 3, "lowest": 72, "highest": 72, "rows": 3, "low": 80},
    }
    assert (flat["code"], flat["sign"], flat["figures"]) == ("flat_line", SATURATION, {"value": 72, "of": 20})


@pytest.mark.parametrize("settings", [{"STALE_MINUTES": "15"}], indirect=True, ids=["15 minutes"])
def test_a_window_of_the_past_is_stale_where_the_clock_is_looked_at(predict: Predict, encounter: Body) -> None:
    assert [each["code"] for each in predict(encounter)["warnings"]] == ["unvalidated_model", "stale"]


def test_columns_may_be_lists(predict: Predict) -> None:
    body = golden(5501)
    lists = {name: list(column.values()) for name, column in body.items() if isinstance(column, dict)}
    assert predict(body | lists) == predict(body)


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_matched_by_key_and_not_by_position(predict: Predict, seed: int) -> None:
    body, shuffled = golden(5501), golden(5501)
    for number, name in enumerate(COLUMNS):
        rows = list(body[name].items())
        Random(f"{seed} {number}").shuffle(rows)
        shuffled[name] = dict(rows)
    assert shuffled["valor"] == body["valor"]
    assert list(shuffled["valor"]) != list(body["valor"])
    assert predict(shuffled) == predict(body)


def test_row_keys_may_be_any_text(predict: Predict, encounter: Body) -> None:
    renamed = {name: {f"fila {row}°": cell for row, cell in encounter[name].items()} for name in COLUMNS}
    assert predict(encounter | renamed) == predict(encounter)


def test_other_columns_are_ignored(predict: Predict, encounter: Body) -> None:
    others: Body = {"idUbicacion": {"0": "1207"}, "serialNo": [1], "sede": None, "monitor": {"a": {"b": []}}, "ñ": "x"}
    assert predict(encounter | others) == predict(encounter)


@pytest.mark.parametrize("column", ["idUbicacion", "unidad", "idUnidad"])
def test_a_real_export_has_other_columns(column: str) -> None:
    assert len(golden(5501)[column]) > 1900


def test_a_body_is_read_alike_however_large_it_is(predict: Predict, encounter: Body) -> None:
    assert predict(encounter | {"nota": "x" * 100_000}) == predict(encounter)


def test_signs_outside_the_nine_change_nothing(predict: Predict, encounter: Body) -> None:
    wanted = predict(encounter)
    encounter["nomSigno"]["x"] = "MDC_PRESS_BLD_NONINV"
    encounter["valor"]["x"], encounter["fecRegistro"]["x"] = 80.0, "2024-03-03 09:45:00"
    assert predict(encounter) == wanted


def test_a_key_absent_from_the_values_is_a_null(predict: Predict, encounter: Body) -> None:
    with_null = encounter | {"valor": encounter["valor"] | {"10": None}}
    del encounter["valor"]["10"]
    assert predict(encounter) == predict(with_null)


@pytest.mark.parametrize("sent", ["77", 77.0, "77.0"], ids=repr)
def test_the_encounters_number_is_answered_as_a_number(predict: Predict, encounter: Body, sent: object) -> None:
    assert predict(encounter | {"idAtencion": sent})["idAtencion"] == 77


def test_only_the_last_20_instants_count(predict: Predict) -> None:
    body = golden(5502)
    recent = {row for row, time in body["fecRegistro"].items() if time >= "2024-03-03 06:00:00"}
    short = {name: {row: cell for row, cell in body[name].items() if row in recent} for name in COLUMNS}
    assert len(recent) < 700
    assert predict(body | short) == predict(body)


def test_no_encounter_leaks_into_the_next(predict: Predict) -> None:
    first, second = predict(golden(5501)), predict(golden(5502))
    assert first["inferences"] != second["inferences"]
    assert [predict(golden(5501)), predict(golden(5502))] == [first, second]


@pytest.mark.parametrize("given", ["a", "Ward-3.bed_7:2024", "x" * 64])
def test_a_clients_own_request_id_is_kept(
    http: FlaskClient, token: dict[str, str], encounter: Body, given: str
) -> None:
    response = http.post("/predict", json=encounter, headers=token | {"X-Request-ID": given})
    assert response.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a;b", "<b>", "é", "a\u2028b", "a'b", "a\\nb"], ids=ascii)
def test_an_unsafe_request_id_is_replaced(http: FlaskClient, given: str) -> None:
    environ = {"HTTP_X_REQUEST_ID": given.encode().decode("latin-1")}
    ids = {http.get("/health/live", environ_overrides=environ).headers["X-Request-ID"] for _ in range(2)}
    assert len(ids) == 2
    assert all(len(each) == 32 and each.isalnum() for each in ids)


@pytest.mark.parametrize(("role", "status"), [(Role.CLIENT, 200), (Role.READER, 403), (Role.ADMIN, 200)])
def test_a_reader_predicts_nothing(
    http: FlaskClient, make_token: Callable[..., dict[str, str]], encounter: Body, role: Role, status: int
) -> None:
    response = http.post("/predict", json=encounter, headers=make_token("someone", role))
    assert response.status_code == status
    if status == 403:
        assert response.get_json()["type"] == "/problems/not-allowed"


def test_the_active_model_is_described_without_its_golden_windows(http: FlaskClient, token: dict[str, str]) -> None:
    model = http.get("/model", headers=token).get_json()
    assert (model["name"], model["version"], model["evidence"]) == ("fcv-sim", "2.0.0", "unvalidated")
    assert (model["trained_on"], model["attestation"]) == ("simulated", None)
    assert (model["input_shape"], len(model["signs"]), len(model["classes"])) == ([20, 9], 9, 4)
    assert "golden" not in model
    assert model["card"]
