"""For any encounter, adding other encounters' rows to the batch changes nothing in its answer."""

from __future__ import annotations

from random import Random

from flask.testing import FlaskClient
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from spoilt_requests import SPOILS, Body, mixed, spoilt_requests
from strategies import requests

TARGET = 7
ONE_ID = {"X-Request-ID": "round-7"}  # so that the problems are equal in this too

whole_answer = settings(
    max_examples=80,
    deadline=None,
    # The service is the same for all examples: what it recorded of one does not matter to the next.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def answer_alone(http: FlaskClient, headers: dict[str, str], body: Body) -> Body:
    """Give what `/predict` says, as a batch would hold it."""
    response = http.post("/predict", json=body, headers=headers | ONE_ID)
    said: Body = response.get_json()
    assert response.status_code in {200, 422}
    return said if response.status_code == 200 else {"idAtencion": TARGET, "error": said}


def answer_among(
    http: FlaskClient, headers: dict[str, str], body: Body, others: list[Body], dice: Random
) -> tuple[Body, int]:
    """Give what `/predict/batch` says of the first, and how many results there are."""
    encounters = {TARGET: body} | {100 + number: other for number, other in enumerate(others)}
    response = http.post("/predict/batch", json=mixed(encounters, dice), headers=headers | ONE_ID)
    results = response.get_json()["results"]
    (found,) = [each for each in results if each["idAtencion"] == TARGET]
    return found, len(results)


@whole_answer
@given(body=spoilt_requests(), others=st.lists(spoilt_requests(), max_size=3), seed=st.integers(0, 2**32 - 1))
def test_the_whole_answer_of_an_encounter_is_the_same_among_others(
    http: FlaskClient, token: dict[str, str], body: Body, others: list[Body], seed: int
) -> None:
    alone = answer_alone(http, token, dict(body))
    event(alone["error"]["type"] if "error" in alone else "predicted")
    found, count = answer_among(http, token, dict(body), others, Random(seed))
    assert (found, count) == (alone, 1 + len(others))


@settings(whole_answer, max_examples=2)  # all spoils each time; tests/faults/test_binding.py asks for thousands
@given(body=requests(), seed=st.integers(0, 2**32 - 1))
def test_a_twin_that_is_spoilt_in_any_way_changes_nothing(
    http: FlaskClient, token: dict[str, str], body: Body, seed: int
) -> None:
    """The same rows at the same instants, but one's vital signs are not the other's."""
    dice = Random(seed)
    other = body | {"valor": {row: value and value * 1.01 for row, value in body["valor"].items()}}
    for name, spoil in SPOILS.items():
        twin = spoil(other, dice.choice(list(body["nomSigno"])))
        for one, beside in ((body, twin), (twin, body)):
            found = answer_among(http, token, dict(one), [beside], dice)
            assert found == (answer_alone(http, token, dict(one)), 2), name
