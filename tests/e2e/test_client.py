"""`examples/client.py`, against a real service and against one that is not well."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from client import Client, Refused, show
from service import PASSWORD, Service
from unwell import Step, Unwell, unwell_service


@pytest.fixture
def unwell() -> Iterator[str]:
    """Give the address of a service that answers by script."""
    with unwell_service() as url:
        yield url


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give how long the client waited, without waiting."""
    waits: list[float] = []
    monkeypatch.setattr("client.time", SimpleNamespace(sleep=waits.append))  # other threads sleep, too
    return waits


TOKEN: Step = (200, {}, '{"access_token": "t1"}')
ANSWER: Step = (200, {}, '{"idAtencion": 1}')


def test_the_client_predicts_with_a_real_service_and_renews_a_dead_token(
    plain_service: Service, encounter: dict[str, Any]
) -> None:
    token = plain_service.sign_in()
    asked = Client(plain_service.url, "ana", PASSWORD)
    assert asked.predict(encounter)["idAtencion"] == encounter["idAtencion"]
    asked._token = token["Authorization"].removeprefix("Bearer ")  # noqa: SLF001 - an old one
    requests.post(f"{plain_service.url}/auth/logout", headers=token, timeout=5)
    assert asked.predict(encounter)["State"]


def test_the_client_waits_as_long_as_it_is_told_and_asks_again(unwell: str, waited: list[float]) -> None:
    Unwell.script = [
        TOKEN,
        (503, {"Retry-After": "7"}, "{}"),
        (429, {}, "{}"),
        (502, {"Retry-After": "5"}, "{}"),
        ANSWER,
    ]
    assert Client(unwell, "ana", PASSWORD).predict({}) == {"idAtencion": 1}
    assert waited == [7.0, 2.0, 5.0]


@pytest.mark.usefixtures("waited")
def test_every_try_of_one_prediction_carries_the_same_key_and_the_next_prediction_another(unwell: str) -> None:
    Unwell.script = [TOKEN, (503, {}, "{}"), (401, {}, "{}"), TOKEN, ANSWER, ANSWER]
    client = Client(unwell, "ana", PASSWORD)
    client.predict({})
    client.predict({})
    tries = [key for key in Unwell.keys if key]
    assert tries[0] == tries[1] == tries[2] != tries[3]


def test_the_client_gives_up_after_five_tries(unwell: str, waited: list[float]) -> None:
    Unwell.script = [TOKEN, *[(503, {}, '{"status": 503, "type": "/problems/no-model"}')] * 5]
    with pytest.raises(Refused, match="/problems/no-model"):
        Client(unwell, "ana", PASSWORD).predict({})
    assert len(waited) == 4


def test_a_refusal_is_not_asked_again(unwell: str, waited: list[float]) -> None:
    Unwell.script = [TOKEN, (422, {}, '{"status": 422, "type": "/problems/missing-signs", "detail": "no"}')]
    with pytest.raises(Refused, match="missing-signs"):
        Client(unwell, "ana", PASSWORD).predict({})
    assert waited == []


def test_warnings_are_shown_before_the_state(capsys: pytest.CaptureFixture[str]) -> None:
    words = {"detail": "Do not act on this.", "detail_es": "No actúe según esto."}
    warning = {"code": "unvalidated_model", "sign": None} | words
    for language, sentence in words.items():
        show({"idAtencion": 1, "inferences": {"Sano": 0.9}, "State": "Sano", "warnings": [warning]}, language)
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == f"WARNING unvalidated_model: {sentence}"
        assert lines[1] == "Encounter 1: Sano"
