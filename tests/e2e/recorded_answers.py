"""Answers beside their records, as `fcv ledger` gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

from clients import Answer, distinct_request
from service import Service

Record = dict[str, Any]
DISTINCT = 200


def distinct_bodies() -> Iterator[bytes]:
    """Give encounters over and over, each with an answer of its own. One in five must be refused."""
    bodies = [_spoilt(number) if number % 5 == 4 else distinct_request(number) for number in range(DISTINCT)]
    return cycle([json.dumps(body).encode() for body in bodies])


def _spoilt(number: int) -> dict[str, Any]:
    """Make an encounter that is refused, for one of four reasons."""
    request = distinct_request(number)
    heart_rate = {row: None for row, name in request["nomSigno"].items() if name == "MDC_ECG_HEART_RATE"}
    return (
        request
        | [
            {"valor": request["valor"] | heart_rate},
            {"valor": request["valor"] | {"3": "n/a"}},
            {"fecRegistro": dict.fromkeys(request["fecRegistro"], "2024-03-03 09:30:00")},
            {"unidad": dict.fromkeys(request["valor"], "kg")},
        ][number // 5 % 4]
    )


def records_of(service: Service) -> list[Record]:
    """Read all of the record, with its windows."""
    done = service.fcv("ledger", "export", "-", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_verified(service: Service) -> None:
    """Let `fcv ledger verify` walk the chain."""
    done = service.fcv("ledger", "verify")
    assert done.returncode == 0, done.stderr
    assert "are as they were recorded" in done.stdout


def assert_recorded(answers: Sequence[Answer], records: Sequence[Record]) -> None:
    """Compare each answer with its record: a prediction by its `Location`, a refusal by its request's id."""
    by_id = {record["id"]: record for record in records}
    by_request = {record["request_id"]: record for record in records}
    for answer in answers:
        if answer.status == 200:
            record = by_id[answer.headers["Location"].removeprefix("/predictions/")]
            told = {name: record[name] for name in ("idAtencion", "inferences", "State")}
            assert told | ({"warnings": record["warnings"]} if record["warnings"] else {}) == answer.body
            assert (record["problem"], record["request_id"]) == (None, answer.headers["X-Request-ID"])
            assert len(record["values"]["MDC_ECG_HEART_RATE"]) == 20
        elif answer.status == 422:
            record = by_request[answer.headers["X-Request-ID"]]
            assert record["problem"] == answer.body["type"]
            vitals = ("values", "window", "inferences", "State", "warnings")
            assert [record[name] for name in vitals] == [None] * len(vitals)
