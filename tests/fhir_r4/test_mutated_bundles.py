"""Whatever is done to a Bundle, it is read, or refused by name; and what is answered is FHIR."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import orjson
import pytest
from bundles import SOURCE, judged
from conftest import MakeToken
from flask.testing import FlaskClient
from hl7_messages import CORPUS

from fcv_api.feed.store import Arrival
from fcv_api.fhir.answer import answer_of
from fcv_api.fhir.delivery import addressed
from fcv_api.fhir.reading import WrongBundle, read_bundle
from fcv_api.fhir.shown import as_wire

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e308,
    10**400,
    "",
    "x",
    "\0",
    "\ud83d",
    "é" * 70,
    [],
    {},
    [None],
    [[]],
    {"coding": 7},
    "2026-03-01",
)
BODIES = [json.loads(file.read_bytes()) for file in sorted((CORPUS / "fhir").glob("5*.json"))]


def mutated(dice: Random) -> bytes:
    """Return a Bundle of the corpus some of whose members are something else, lost, or there twice; or cut off."""
    body = json.loads(json.dumps(dice.choice(BODIES)))
    for _ in range(dice.randint(1, 6)):
        places = [place for place in parts(body) if len(place)]
        place = dice.choice(places)
        key = dice.choice(list(place) if isinstance(place, dict) else range(len(place)))
        how = dice.random()
        if how < 0.6:
            place[key] = dice.choice(ODD)
        elif how < 0.8:
            del place[key]
        elif isinstance(place, list):
            place.append(place[key])
    text = json.dumps(body).encode()
    return text[: dice.randint(0, len(text))] if dice.random() < 0.1 else text


def parts(node: Any) -> list[Any]:
    """Return all objects and lists of a body."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return ([node] if isinstance(node, dict | list) else []) + [part for each in below for part in parts(each)]


def test_no_mutation_raises_anything_but_that_it_is_no_bundle() -> None:
    dice, refused = Random(25), 0
    for _ in range(120):
        body = mutated(dice)
        try:
            reading = read_bundle(body, SOURCE)
        except WrongBundle:
            refused += 1
            continue
        addressed(reading, SOURCE, "k" * 40, Arrival("icu", 0, 0, 12))
        assert as_wire(body, SOURCE)["http"] == 200
        assert len(reading.rows) + len(reading.dropped) == reading.size
        orjson.dumps(answer_of(reading, ()))
    assert 0 < refused < 90


def test_what_mutations_are_answered_is_fhir(http: FlaskClient, make_token: MakeToken) -> None:
    dice, token = Random(4), make_token() | {"Content-Type": "application/fhir+json"}
    for _ in range(25):
        response = http.post("/fhir", data=mutated(dice), headers=token)
        assert response.status_code in (200, 400, 422)
        judged(response.get_json())


@pytest.mark.parametrize(
    "text", ['{"a":' * 5_000, "[" * 100_000, b"\xff", b'{"resourceType":"Bundle","entry":[{"a":NaN}]}']
)
def test_what_is_no_json_is_refused_by_name(text: str | bytes) -> None:
    with pytest.raises(WrongBundle) as raised:
        read_bundle(text.encode() if isinstance(text, str) else text, SOURCE)
    assert raised.value.code in ("not-json", "invalid-body")


def test_deep_parts_that_are_passed_over_stop_nothing() -> None:
    deep = '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","zzz":' + "[" * 900 + "]" * 900
    found = read_bundle(f"{deep}}}}}]}}".encode(), SOURCE)
    assert [each.reason.value for each in found.dropped] == ["other-sign"]
