"""Whose answer it is: many clients, single calls and batches mixed, and every encounter has an answer of its own."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from clients import JSON, SHORT, distinct_request, of_its_own
from recorded_answers import assert_verified
from service import Service, running

from fcv_api import scoring
from fcv_api.lstm.registry import Registry
from fcv_api.settings import ROOT
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.encounter import EncounterSchema

PREDICTIONS = 1_000 if SHORT else 100_000
DISTINCT, CLIENTS = 500, 64
BATCHES, BED = 0.1, 20
"""The share of calls that are batches, and how many encounters each holds."""
Body = dict[str, Any]

pytestmark = pytest.mark.filterwarnings("ignore")


def answers_of(requests: list[Body]) -> list[Body]:
    """Assess each encounter here, by itself."""
    model, schema = Registry(ROOT / "models").load(None), EncounterSchema()
    outcomes = [scoring.assess(schema.load(request).read(UTC), model).or_raise() for request in requests]
    return [PredictionSchema().dump(outcome) for outcome in outcomes]


def batch_of(requests: list[Body]) -> bytes:
    """Put encounters into one batch, row by row in turn, so that they are as mixed as can be."""
    columns: Body = {name: {} for name in requests[0]}
    rows = list(requests[0]["nomSigno"])
    for number, (row, request) in enumerate(itertools.product(rows, requests)):
        for name, cells in columns.items():
            cells[str(number)] = request["idAtencion"] if name == "idAtencion" else request[name][row]
    return json.dumps(columns).encode()


class Asker:
    """A client: what it asked, and what came of it."""

    def __init__(self, service: Service, token: dict[str, str], seed: int) -> None:
        self.connection, self.headers = HTTPConnection(*service.address, timeout=120), token | JSON
        self.dice, self.got = random.Random(seed), Counter[str]()

    def ask(self, requests: list[Body], wanted: list[Body], count: int) -> Counter[str]:
        """Ask for predictions, by singles and batches, and compare each with the one that its encounter must get."""
        while self.got.total() < count:
            if self.dice.random() < BATCHES:
                chosen = self.dice.sample(range(len(requests)), BED)
                said = self.post("/predict/batch", batch_of([requests[at] for at in chosen])).get("results", [])
                self.compare(said, [wanted[at] for at in chosen])
            else:
                chosen = [self.dice.randrange(len(requests))]
                self.compare([self.post("/predict", json.dumps(requests[chosen[0]]).encode())], [wanted[chosen[0]]])
        self.connection.close()
        return self.got

    def compare(self, said: list[Body], wanted: list[Body]) -> None:
        right = sum(of_its_own(one) == other for one, other in zip(said, wanted, strict=False))
        self.got["right"] += right
        self.got["wrong"] += len(wanted) - right

    def post(self, path: str, body: bytes) -> Body:
        self.connection.request("POST", path, body, self.headers)
        answer: Body = json.loads(self.connection.getresponse().read())
        return answer


def test_no_answer_belongs_to_another_encounter(tmp_path: Path) -> None:
    requests = [distinct_request(number) for number in range(DISTINCT)]
    wanted = answers_of(requests)
    assert len({json.dumps(answer["inferences"]) for answer in wanted}) == DISTINCT
    with running(tmp_path, WORKERS="4") as service, ThreadPoolExecutor(CLIENTS) as threads:
        token = service.sign_in()
        askers = [Asker(service, token, seed) for seed in range(CLIENTS)]
        found = threads.map(lambda asker: asker.ask(requests, wanted, PREDICTIONS // CLIENTS), askers)
        total = sum(found, Counter[str]())
        assert_verified(service)
    print(f"\n{CLIENTS} clients, {DISTINCT} encounters, singles and batches of {BED}: {dict(total)}")
    assert total["wrong"] == 0
    assert total["right"] >= PREDICTIONS - CLIENTS
