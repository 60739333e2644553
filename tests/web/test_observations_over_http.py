"""`POST /observations` and `GET /beds`: each row by itself, and what is known of each bed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import BOTH_DATABASES, MakeToken
from flask import Flask
from flask.testing import FlaskClient

from fcv_api.accounts import Role
from fcv_api.extensions.cursors import read_cursor, run
from fcv_api.wire.observation_answer import OTHER_SOURCE, example_observations
from fcv_api.wire.observations import MORE_COLUMNS

Body = dict[str, Any]
Row = dict[str, Any]
CSV = {"Content-Type": "text/csv"}
COUNTS = ("new", "same", "replaced", "deleted", "too_old", "future")


def ago(minutes: float) -> str:
    """Return a time before now, to the second, with its offset."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(" ", "seconds")


def row(value: object = 80.0, name: str = "MDC_ECG_HEART_RATE", minutes: float = 1, **more: Any) -> Row:
    """Return a row of encounter 1."""
    return {"idAtencion": 1, "nomSigno": name, "valor": value, "fecRegistro": ago(minutes)} | more


def table(*rows: Row) -> Body:
    """Return rows by columns, as pandas writes them."""
    names = dict.fromkeys(name for each in rows for name in each)
    return {name: {str(at): each.get(name) for at, each in enumerate(rows)} for name in names}


@pytest.fixture
def post(http: FlaskClient, token: dict[str, str]) -> Iterator[Any]:
    """Post rows as a client, and return what was answered."""

    def send(*rows: Row) -> Body:
        response = http.post("/observations", json=table(*rows), headers=token)
        assert response.status_code == 200, response.text
        body: Body = response.get_json()
        return body

    return send  # type: ignore[return-value]


def counted(answer: Body, at: int = 0) -> Body:
    return {name: answer["results"][at][name] for name in COUNTS if answer["results"][at][name]}


def errors(answer: Body) -> list[tuple[str | None, str, str]]:
    found = [*answer["errors"], *(each for result in answer["results"] for each in result["errors"])]
    return [(each["row"], each["column"], each["reason"]) for each in found]


@BOTH_DATABASES
def test_each_encounter_has_a_result_with_every_member(post: Any) -> None:
    answer = post(row(), row(idAtencion=2), row(81.0))
    assert list(answer) == ["results", "errors"]
    assert [each["idAtencion"] for each in answer["results"]] == [1, 2]
    assert all(set(each) == {"idAtencion", *COUNTS, "errors"} for each in answer["results"])
    assert (counted(answer), counted(answer, 1)) == ({"new": 1}, {"new": 1})  # two of one key and status are averaged


@BOTH_DATABASES
def test_what_was_done_is_counted(post: Any) -> None:
    first, second = row(), row(minutes=2)
    assert counted(post(first, second)) == {"new": 2}
    assert counted(post(first, second)) == {"same": 2}
    assert counted(post(first | {"valor": 90}, second | {"valor": None, "estado": "D"})) == {
        "replaced": 1,
        "deleted": 1,
    }
    assert counted(post(row(minutes=13 * 60), row(minutes=-5))) == {"too_old": 1, "future": 1}


def test_a_wrong_row_fails_alone_in_the_words_of_the_other_doors(
    post: Any, http: FlaskClient, token: dict[str, str]
) -> None:
    spoilt = [
        row("n/a"),
        row(38.0, "MDC_TEMP", unidad="kg"),
        row(99.0, "MDC_TEMP"),
        row(fecRegistro="yesterday"),
        row(idSigno=150344),
        row(nomSigno=None),
    ]
    answer = post(row(), *spoilt)
    assert counted(answer) == {"new": 1}
    alone = [http.post("/predict/batch", json=table(each), headers=token).get_json() for each in spoilt]
    wanted = [each for body in alone for each in body["results"][0]["error"]["errors"]]
    named = sorted((each["row"], each["column"], each["reason"]) for each in answer["results"][0]["errors"])
    assert named == [(str(at + 1), each["column"], each["reason"]) for at, each in enumerate(wanted)]


def test_a_time_without_offset_beside_others_with_one_fails_alone(post: Any) -> None:
    answer = post(row(), row(fecRegistro=ago(1)[:19]))
    assert counted(answer) == {"new": 1}
    assert errors(answer) == [("1", "fecRegistro", "says no offset from UTC, and other rows do")]


def test_columns_of_this_door_are_read_and_a_wrong_cell_is_named(post: Any) -> None:
    rows = [
        row(canal="1.1", cama=12, estado="f"),
        row(estado="X"),
        row(canal="x" * 65),
        row(cama=True),
        row(cama="a\0b"),
    ]
    answer = post(*rows)
    assert counted(answer) == {"new": 1}
    assert sorted(errors(answer)) == [
        ("1", "estado", "must be F, C, D or W"),
        ("2", "canal", "is longer than 64 characters"),
        ("3", "cama", "must be a text, not true or false"),
        ("4", "cama", "holds a control character"),
    ]
    with read_cursor() as cursor:
        assert run(cursor, "SELECT channel FROM observations").fetchall() == [("1.1",)]
        assert run(cursor, "SELECT bed FROM stays").fetchall() == [("12",)]


def test_rows_that_name_no_encounter_are_named_beside_the_results(post: Any) -> None:
    answer = post(row(), row(idAtencion=None), row(idAtencion="x"), row(name="OTHER", idAtencion=None))
    assert [each["idAtencion"] for each in answer["results"]] == [1]
    assert [(each["row"], each["column"]) for each in answer["errors"]] == [("1", "idAtencion"), ("2", "idAtencion")]


def test_at_most_20_errors_are_named_and_the_rest_is_counted(post: Any) -> None:
    answer = post(*(row("x", minutes=step) for step in range(25)), *(row(idAtencion=None) for _ in range(22)))
    (result,) = answer["results"]
    assert (len(result["errors"]), result["more_errors"]) == (20, 5)
    assert (len(answer["errors"]), answer["more_errors"]) == (20, 2)


def test_all_rows_may_be_bad_and_none_of_a_known_sign(post: Any) -> None:
    answer = post(row("x"), row(name="NOM_RESP_RATE", idAtencion=2))
    assert [counted(answer, at) for at in (0, 1)] == [{}, {}]
    assert answer["results"][1]["errors"][0]["reason"].startswith("None of 1 rows bears the name of one of the nine")


def test_a_row_without_a_value_is_no_row_and_one_that_corrects_to_nothing_deletes(post: Any) -> None:
    height = "MDC_LEN_BODY_ACTUAL"
    assert counted(post(row(None), row(0, height), row(None, minutes=2, estado="F"))) == {}
    assert counted(post(row(None, estado="C"), row(0, height, estado="C"), row(5, "MDC_TEMP", estado="W"))) == {
        "deleted": 3
    }


def test_a_monitors_own_name_of_the_heart_rate_is_taken(post: Any) -> None:
    assert counted(post(row(), row(name="mdc_ecg_card_beat_rate", idSigno=147842))) == {"new": 2}


def test_the_rows_of_another_sources_stay_are_wrong(post: Any, http: FlaskClient, make_token: MakeToken) -> None:
    post(row())
    other = http.post("/observations", json=table(row(90), row(91, minutes=3)), headers=make_token("bea")).get_json()
    assert counted(other) == {}
    assert errors(other) == [("0", "idAtencion", OTHER_SOURCE), ("1", "idAtencion", OTHER_SOURCE)]


def test_csv_is_read_as_json_is(http: FlaskClient, token: dict[str, str]) -> None:
    lines = ["idAtencion;nomSigno;valor;fecRegistro;cama;canal;estado"]
    lines += [f"1;MDC_TEMP;{value};{ago(minutes)};UCI-04;;{status}" for value, minutes, status in (
        ("36,5", 1, "F"), ("", 2, "D"), ("tibia", 3, "F"))]  # fmt: skip
    answer = http.post("/observations", data="\n".join(lines), headers=token | CSV).get_json()
    assert counted(answer) == {"new": 1, "deleted": 1}
    assert errors(answer) == [("4", "valor", "must be a number or null, not text")]


@pytest.mark.parametrize("decimals", [",", ";"])
def test_a_line_with_a_wrong_number_of_cells_fails_alone(
    http: FlaskClient, token: dict[str, str], decimals: str
) -> None:
    good = ["1", "MDC_TEMP", "36.5", ago(1), "UCI-04"]
    rows = [good[:-1], good, [*good, "more"], ["1"], [*good[:3], ago(2), "UCI-04"]]
    lines = [decimals.join(each) for each in (["idAtencion", "nomSigno", "valor", "fecRegistro", "cama"], *rows)]
    answer = http.post("/observations", data="\n".join(lines), headers=token | CSV).get_json()
    assert counted(answer) == {"new": 2}
    assert answer["errors"] == [
        {"row": line, "column": "idAtencion", "reason": f"this row has {count} cells, and the header 5"}
        for line, count in (("2", 4), ("4", 6), ("5", 1))
    ]
    assert answer["results"][0]["errors"] == []


def test_csv_of_nothing_but_lines_of_other_lengths_is_answered_200(http: FlaskClient, token: dict[str, str]) -> None:
    text = "idAtencion,nomSigno,valor,fecRegistro\n1,2\n3"
    answer = http.post("/observations", data=text, headers=token | CSV).get_json()
    assert (answer["results"], len(answer["errors"])) == ([], 2)


@pytest.mark.parametrize(
    ("body", "headers", "wanted"),
    [
        ("{", {"Content-Type": "application/json"}, (400, "not-json")),
        ('{"idAtencion": {"0": 1}}', {"Content-Type": "application/json"}, (422, "invalid-body")),
        ("valor,nomSigno\n1,MDC_TEMP", CSV, (422, "invalid-body")),
        ("<a/>", {"Content-Type": "text/xml"}, (415, "unsupported-media-type")),
    ],
)
def test_where_no_row_can_be_told_apart_the_request_is_refused(
    http: FlaskClient, token: dict[str, str], body: str, headers: dict[str, str], wanted: tuple[int, str]
) -> None:
    response = http.post("/observations", data=body, headers=token | headers)
    assert (response.status_code, response.get_json()["type"]) == (wanted[0], f"/problems/{wanted[1]}")


def test_predict_goes_on_passing_over_the_columns_of_this_door(
    http: FlaskClient, token: dict[str, str], encounter: Body
) -> None:
    more = {name: {"0": ["not a cell"], "x": 1} for name in MORE_COLUMNS}
    plain, extra = (http.post("/predict", json=encounter | each, headers=token).get_json() for each in ({}, more))
    assert plain == extra


@pytest.mark.parametrize("settings", [{"FEED": "off"}], indirect=True)
def test_where_the_feed_is_off_nothing_is_stored_and_both_say_so(http: FlaskClient, make_token: MakeToken) -> None:
    admin = make_token("root", Role.ADMIN)
    answers = [http.post("/observations", json=table(row()), headers=admin), http.get("/beds", headers=admin)]
    assert [(each.status_code, each.get_json()["type"]) for each in answers] == [(503, "/problems/feed-off")] * 2
    with read_cursor() as cursor:
        assert run(cursor, "SELECT id FROM stays").fetchall() == []


# Beds -------------------------------------------------------------------------------------------------------------


def listed(http: FlaskClient, make_token: MakeToken) -> list[Body]:
    found: list[Body] = http.get("/beds", headers=make_token("reader", Role.READER)).get_json()["beds"]
    return found


@BOTH_DATABASES
def test_a_bed_has_every_member_and_its_encounter_is_text(post: Any, http: FlaskClient, make_token: MakeToken) -> None:
    number = 2**63 - 1
    post(row(idAtencion=number, cama=" UCI-04 "))
    (bed,) = listed(http, make_token)
    newest = datetime.fromisoformat(bed.pop("newest"))
    assert abs(datetime.now(UTC) - newest - timedelta(minutes=1)) < timedelta(seconds=20)
    assert datetime.fromisoformat(bed.pop("since")) == newest
    assert bed == {
        "encounter": str(number),
        "source": "api:ana",
        "bed": "UCI-04",
        "status": "not_scored",
        "reason": "not-scored-yet",
        "last": None,
        "refusal": None,
    }


def test_each_status_that_there_is_without_scores(post: Any, http: FlaskClient, make_token: MakeToken) -> None:
    post(row(idAtencion=1, cama="B1", minutes=20), row(idAtencion=2, cama="B1"))
    post(row(idAtencion=3, cama="B3", minutes=30), row(idAtencion=None, cama="B4"))
    found = {each["bed"] + str(each["encounter"]): each["status"] for each in listed(http, make_token)}
    assert found == {"B11": "closed", "B12": "not_scored", "B33": "silent", "B4None": "no_patient"}


def test_times_of_beds_are_utc_with_a_z(post: Any, http: FlaskClient, make_token: MakeToken) -> None:
    post(row())
    (bed,) = listed(http, make_token)
    assert bed["newest"].endswith("Z")
    assert bed["since"].endswith("Z")


# As documented ----------------------------------------------------------------------------------------------------


def schema(app: Flask, name: str) -> Body:
    found: Body = app.test_client().get("/openapi.json").get_json()["components"]["schemas"][name]
    return found


def test_the_document_knows_exactly_the_members_that_are_answered(
    app: Flask, post: Any, http: FlaskClient, make_token: MakeToken
) -> None:
    answer = post(row(), *(row("x", minutes=step) for step in range(21)), *(row(idAtencion=None) for _ in range(21)))
    post(row(cama="B1"))
    answered = {
        "ObservationsAnswer": answer,
        "Taken": answer["results"][0],
        "RowError": answer["errors"][0],
        "Bed": listed(http, make_token)[0],
    }
    for name, body in answered.items():
        assert set(schema(app, name)["properties"]) - {"alert"} == set(body), name  # there only while one holds
        assert set(schema(app, name)["required"]) == set(body) - {"more_errors"}, name


def test_the_example_of_the_document_works_and_is_answered_as_it_shows(
    http: FlaskClient, token: dict[str, str]
) -> None:
    operation = http.get("/openapi.json").get_json()["paths"]["/observations"]["post"]
    content, shown = operation["requestBody"]["content"], operation["responses"]["200"]["content"]["application/json"]
    example = content["application/json"]["example"]
    assert example == example_observations()
    (result,) = http.post("/observations", json=example, headers=token).get_json()["results"]
    assert result["errors"] == shown["example"]["results"][0]["errors"]
    csv = http.post("/observations", data=content["text/csv"]["example"], headers=token | CSV).get_json()
    assert [each["column"] for each in csv["results"][0]["errors"]] == ["valor"]
