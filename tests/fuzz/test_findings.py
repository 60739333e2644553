"""Bodies that once showed a fault show none, and what `make fuzz` looks for would be found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import oracle
import orjson
import pytest
from conftest import FIXTURES
from mutation import mutate, seeds
from oracle import Answer, Broken, Target, target

from fcv_api import scoring
from fcv_api.web import batch
from fcv_api.web.problem_details import problem_body

KEPT = sorted((FIXTURES / "fuzz").iterdir())
"""What `make fuzz` found, under its hash, and what others have fallen over, by name."""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """Give the service."""
    with target(tmp_path, monkeypatch.setenv) as service:
        yield service


def answer(service: Target, body: bytes) -> Answer:
    found = service.check(body)
    assert found is not None
    return found


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name)
def test_what_was_kept_shows_no_fault(service: Target, file: Path) -> None:
    assert answer(service, file.read_bytes()).status in {200, 400, 422}


def test_bodies_that_work_are_answered_and_none_shows_a_fault(service: Target) -> None:
    found = [answer(service, body).status for body in seeds()]
    assert found == [200, 422, 200, 200, 200, 200, 200, 200, 200]


def test_300_spoilt_bodies_show_no_fault(service: Target) -> None:
    dice, bodies = Random(11), seeds()
    statuses = {answer(service, mutate(dice.choice(bodies), dice.choice(bodies), dice)).status for _ in range(300)}
    assert statuses == {200, 400, 422}


def test_a_500_would_be_found(service: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "assess_all", None)
    with pytest.raises(Broken, match="answered with 500"):
        service.check(seeds()[0])


def test_a_body_that_is_decoded_in_two_ways_would_be_found(service: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def hot(body: bytes) -> dict[str, Any]:
        columns: dict[str, Any] = orjson.loads(body)
        return columns | {"valor": dict.fromkeys(columns["valor"], 38.0)}

    monkeypatch.setattr(oracle, "read_plainly", hot)
    with pytest.raises(Broken, match=r"^read: "):
        service.check(seeds()[0])


def test_an_answer_for_another_encounter_would_be_found(service: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = scoring.assess_all
    monkeypatch.setattr(scoring, "assess_all", lambda *asked: usual(*asked)[::-1])
    with pytest.raises(Broken, match="answered for other encounters"):
        service.check(seeds()[3])


def test_a_batch_that_says_other_than_each_alone_would_be_found(
    service: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "problem_body", lambda fact: problem_body(fact) | {"type": "/problems/window-span"})
    with pytest.raises(Broken, match=r"^in a batch: "):
        service.check(seeds()[3])


def test_a_page_of_html_would_be_found(service: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def page(*_: object, **__: object) -> None:
        raise KeyError

    monkeypatch.setattr(scoring, "assess_all", page)
    service.http.application.error_handler_spec[None][None][KeyError] = lambda _error: ("<html>", 422)
    with pytest.raises(Broken, match="as text/html"):
        service.check(seeds()[0])
