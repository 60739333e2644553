"""The answers of `GET /beds` and `POST /observations`: every member, in each state, as the OpenAPI document has it."""

from __future__ import annotations

import re
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
from conftest import MakeToken
from fed import FEED
from flask.testing import FlaskClient
from test_observations_over_http import listed, row, table

from fcv_api.domain.errors import IdentityConflict, MissingSigns, ModelOutput, Silent, TooFewInstants, WindowSpan
from fcv_api.domain.stays import SLOT, slot_of
from fcv_api.feed import beds
from fcv_api.feed.turns import run_slot
from fcv_api.wire.beds import OF_A_TURN, OF_NO_TURN, REASONS, example_beds
from fcv_api.wire.example import example_request

TYPES = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}


def window(encounter: int, bed: str, end: int) -> list[dict[str, Any]]:
    """Return the rows of a window that ends with a slot, the last two heart rates in danger and by a named channel."""
    request, found = example_request(), []
    for at, key in enumerate(request["valor"]):
        name, back = request["nomSigno"][key], 19 - at // 9
        value = 20.0 if name == "MDC_ECG_HEART_RATE" and back < 2 else request["valor"][key]
        more = {"idAtencion": encounter, "cama": bed, "canal": "1.2"}
        found.append(row(value, name, (time_ns() // 1000 - end) / 6e7 + 5 * back, **more))
    return found


@pytest.fixture
def states(http: FlaskClient, token: dict[str, str], make_token: MakeToken) -> dict[str, dict[str, Any]]:
    """Give a bed in each state, by its name."""
    slot = slot_of(time_ns() // 1000) - SLOT
    refused = row(minutes=(time_ns() // 1000 - slot) / 6e7 + 1, idAtencion=2, cama="refused")
    others = [row(idAtencion=3, cama="silent", minutes=30), row(idAtencion=None, cama="no patient")]
    others += [row(idAtencion=each, cama="left", minutes=minutes) for each, minutes in ((4, 40), (5, 20))]
    answer = http.post("/observations", json=table(*window(1, "scored", slot), refused, *others), headers=token)
    assert len(answer.get_json()["errors"]) == 1  # of the row that names nobody
    run_slot(FEED, slot)
    found = {each["bed"]: each for each in listed(http, make_token) if each["encounter"] != "5"}
    assert sorted(found) == ["left", "no patient", "refused", "scored", "silent"]
    return found


def test_a_bed_in_each_state_has_every_member_and_each_is_of_the_documents_type(
    states: dict[str, dict[str, Any]], http: FlaskClient
) -> None:
    schemas = http.get("/openapi.json").get_json()["components"]["schemas"]
    assert {name: each["status"] for name, each in states.items()} == {
        "left": "closed", "no patient": "no_patient", "refused": "not_scored", "scored": "scored", "silent": "silent",
    }  # fmt: skip
    last, refusal = states["scored"]["last"], states["refused"]["refusal"]
    warning = next(each for each in last["warnings"] if each["code"] == "critical_value")
    answered = [("Bed", each) for each in states.values()]
    answered += [("LastScore", last), ("Inferences", last["inferences"]), ("BedRefusal", refusal), ("Warning", warning)]
    for name, body in answered:
        assert set(schemas[name]["properties"]) - {"alert"} == set(body), name  # no policy is active
        for member, value in body.items():
            assert _is_documented(schemas[name]["properties"][member], value), (name, member)
    assert warning["figures"]["channel"] == "1.2"
    assert refusal["type"] == "/problems/too-few-instants"
    assert set(schemas["Bed"]["properties"]["status"]["enum"]) == {each.value for each in beds.Status}


def _is_documented(schema: dict[str, Any], value: object) -> bool:
    """Return whether a value is of a member's type, or null where that may be."""
    if "anyOf" in schema:
        return any(_is_documented(each, value) for each in schema["anyOf"])
    if value is None:
        return bool(schema.get("nullable"))
    return "$ref" in schema or schema["type"] == TYPES[type(value)]


def test_the_example_of_the_document_has_the_members_that_are_answered(states: dict[str, dict[str, Any]]) -> None:
    assert all(each.keys() == states["scored"].keys() for each in example_beds()["beds"])


def test_each_member_of_what_is_answered_to_a_post_is_of_the_documents_type(
    http: FlaskClient, token: dict[str, str]
) -> None:
    wrong, nameless = row("x"), row(idAtencion=None)
    answer = http.post("/observations", json=table(*[wrong] * 21, *[nameless] * 21), headers=token).get_json()
    schemas = http.get("/openapi.json").get_json()["components"]["schemas"]
    (taken,) = answer["results"]
    answered = [("ObservationsAnswer", answer), ("Taken", taken), ("RowError", taken["errors"][0])]
    answered += [("RowError", each) for each in answer["errors"]]
    for name, body in answered:
        assert set(schemas[name]["properties"]) == set(body), name
        for member, value in body.items():
            assert _is_documented(schemas[name]["properties"][member], value), (name, member)
    assert (taken["more_errors"], answer["more_errors"]) == (1, 1)


def test_the_document_and_both_guides_name_every_reason_and_no_other(http: FlaskClient, root: Path) -> None:
    document = http.get("/openapi.json").get_json()["components"]["schemas"]["Bed"]["properties"]["reason"]
    assert {reason for choice in document["anyOf"] for reason in choice["enum"]} == {*REASONS, None}
    for guide in ("feed.md", "feed.es.md"):
        text = (root / "docs" / guide).read_text("utf-8")
        assert set(re.findall(r"^\| `not_scored` \| `([a-z-]+)`", text, re.MULTILINE)) == {*REASONS}


def test_a_reason_is_one_of_the_memorys_own_or_the_problem_of_a_turn() -> None:
    of_a_window = (TooFewInstants, MissingSigns, WindowSpan, ModelOutput)
    assert {each.code for each in (*of_a_window, IdentityConflict, Silent)} == {*OF_A_TURN}
    assert {beds.NOT_YET, beds.CORRECTED} == {*OF_NO_TURN}
    assert IdentityConflict.code == beds.CONFLICT
