"""Rows that are refused: each named by column, row and reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from fcv_api.settings import Settings

Body = dict[str, Any]
ABSENT = object()
BAD_TIME = "is not a time such as 2024-03-03 09:32:41"
NO_TIME = "must be a time such as 2024-03-03 09:32:41, not"
NO_VALUE = "must be a number or null, not"


@pytest.fixture
def settings(make_settings: Callable[..., Settings], request: pytest.FixtureRequest) -> Settings:
    """Read the settings that a test is parametrized with."""
    return make_settings(**getattr(request, "param", {}))


Post = Callable[[Body, str], Body]


@pytest.fixture
def refused(http: FlaskClient, token: dict[str, str]) -> Post:
    """Post a body that is refused with 422 for a reason, and give the problem."""

    def post(body: Body, slug: str) -> Body:
        response = http.post("/predict", json=body, headers=token)
        problem: Body = json.loads(response.data)
        assert (response.status_code, response.content_type) == (422, "application/problem+json"), problem
        assert (problem["status"], problem["type"]) == (422, f"/problems/{slug}"), problem
        return problem

    return post


def with_cell(body: Body, column: str, row: str, cell: object) -> Body:
    cells = body[column] | {row: cell}
    return body | {column: {key: each for key, each in cells.items() if each is not ABSENT}}


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("nomSigno", None, "this row has no name"),
        ("nomSigno", ABSENT, "this row has no name"),
        ("nomSigno", 150344, "must be a sign's name, not a number"),
        ("nomSigno", True, "must be a sign's name, not true or false"),
        ("nomSigno", ["MDC_TEMP"], "must be a sign's name, not a list"),
        ("nomSigno", {}, "must be a sign's name, not an object"),
        ("valor", "36.6", f"{NO_VALUE} text"),
        ("valor", "NaN", f"{NO_VALUE} text"),
        ("valor", False, f"{NO_VALUE} true or false"),
        ("valor", [36.6], f"{NO_VALUE} a list"),
        ("valor", {}, f"{NO_VALUE} an object"),
        ("fecRegistro", ABSENT, "this row is missing from the column"),
        ("fecRegistro", None, f"{NO_TIME} null"),
        ("fecRegistro", 1709458361000, f"{NO_TIME} a number"),
        ("fecRegistro", False, f"{NO_TIME} true or false"),
        ("fecRegistro", {}, f"{NO_TIME} an object"),
        ("fecRegistro", "", f"{NO_TIME} null"),
        ("fecRegistro", "yesterday", BAD_TIME),
        ("fecRegistro", "03/03/2024 09:30:00", BAD_TIME),
        ("fecRegistro", "2024-03-03", BAD_TIME),
        ("fecRegistro", "2024-02-31 09:30:00", BAD_TIME),
        ("fecRegistro", "9999-12-31 23:59:59", BAD_TIME),
        ("fecRegistro", "0001-01-01 00:00:00", BAD_TIME),
        ("idSigno", 5.9, "must be a whole number"),
        ("idSigno", True, "must be a whole number"),
        ("idSigno", "MDC_TEMP", "must be a whole number"),
        ("idSigno", {}, "must be a whole number"),
    ],
    ids=lambda part: "absent" if part is ABSENT else ascii(part),
)
def test_a_bad_cell_is_named_by_column_row_and_reason(
    refused: Post, encounter: Body, column: str, cell: object, reason: str
) -> None:
    problem = refused(with_cell(encounter, column, "7", cell), "invalid-rows")
    assert problem["errors"] == [{"column": column, "row": "7", "reason": reason}]
    assert problem["detail"] == f"{column}, row '7': {reason}"


@pytest.mark.parametrize("code", [150456, "150456", 150456.0], ids=repr)
def test_a_code_and_a_name_of_two_signs_are_a_conflict(refused: Post, encounter: Body, code: object) -> None:
    (error,) = refused(with_cell(encounter, "idSigno", "7", code), "code-name-conflict")["errors"]
    assert (error["column"], error["row"]) == ("idSigno", "7")
    assert error["reason"] == "150456 is MDC_PULS_OXIM_SAT_O2, but the row is named MDC_TEMP"


@pytest.mark.parametrize("time", ["2024-03-03 09:30:00Z", "2024-03-03T09:30:00-05:00"])
def test_a_zoned_time_among_naive_ones_is_a_mix(refused: Post, encounter: Body, time: str) -> None:
    problem = refused(with_cell(encounter, "fecRegistro", "7", time), "mixed-time-zones")
    assert problem["errors"][0]["column"] == "fecRegistro"
    assert problem["errors"][0]["reason"] == "says no offset from UTC, and other rows do"
    assert "7" not in [error["row"] for error in problem["errors"]]


@pytest.mark.parametrize("settings", [{"TIMEZONE": "Europe/Madrid"}], indirect=True, ids=["Madrid"])
def test_a_time_that_the_clock_showed_twice_is_ambiguous(refused: Post, encounter: Body) -> None:
    problem = refused(with_cell(encounter, "fecRegistro", "7", "2024-10-27 02:30:00"), "ambiguous-time")
    (error,) = problem["errors"]
    assert (error["column"], error["row"]) == ("fecRegistro", "7")
    assert "Europe/Madrid" in error["reason"]
    assert "offset" in error["reason"]


def test_the_same_time_is_plain_where_clocks_do_not_change(refused: Post, encounter: Body) -> None:
    body = with_cell(encounter, "fecRegistro", "7", "2024-10-27 02:30:00")
    refused(body, "window-span")  # months after the others, but readable


@pytest.mark.parametrize(
    ("bad", "told"), [(1, ""), (2, " (and 1 more)"), (20, " (and 19 more)"), (60, " (and 59 more)")]
)
def test_at_most_20_errors_are_listed_and_all_are_counted(refused: Post, encounter: Body, bad: int, told: str) -> None:
    encounter["valor"] |= {str(row): "x" for row in range(bad)}
    problem = refused(encounter, "invalid-rows")
    assert [error["row"] for error in problem["errors"]] == [str(row) for row in range(min(bad, 20))]
    assert problem["detail"] == f"valor, row '0': must be a number or null, not text{told}"


@pytest.mark.parametrize("row", ["a'b", "línea\n2", "\u2028", ""], ids=ascii)
def test_any_row_key_is_answered_as_it_was_sent(refused: Post, encounter: Body, row: str) -> None:
    encounter["nomSigno"][row], encounter["valor"][row] = "MDC_TEMP", "x"
    encounter["fecRegistro"][row] = "2024-03-03 09:30:00"
    problem = refused(encounter, "invalid-rows")
    assert problem["errors"][0]["row"] == row
    assert problem["detail"].isprintable()


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("valor", "off"),
        ("valor", True),
        ("valor", []),
        ("valor", {}),
        ("valor", 1e300),
        *(("fecRegistro", cell) for cell in ("never", None, 5, ABSENT, "2024-03-03 09:30:00Z")),
        *(("idSigno", cell) for cell in ("code", 5.9, None, ABSENT, 150344)),
    ],
    ids=lambda part: "absent" if part is ABSENT else ascii(part),
)
def test_a_bad_cell_of_a_sign_that_no_model_reads_refuses_nobody(
    http: FlaskClient, token: dict[str, str], encounter: Body, column: str, cell: object
) -> None:
    wanted = http.post("/predict", json=encounter, headers=token).get_json()
    other = {"idSigno": 150021, "nomSigno": "MDC_PRESS_BLD_NONINV", "valor": 80.0, "fecRegistro": "2024-03-03 09:30:00"}
    for name, usual in other.items():
        encounter = with_cell(encounter, name, "x", usual)
    response = http.post("/predict", json=with_cell(encounter, column, "x", cell), headers=token)
    assert (response.status_code, response.get_json()) == (200, wanted)
