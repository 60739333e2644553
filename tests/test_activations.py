"""Activations: which model is in force, and what each worker says that it serves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import BOTH_DATABASES
from flask import Flask
from sqlalchemy import func, select, update

from fcv_api import activations
from fcv_api.activations import ModelCopy, StoredModel, Worker, WorkerRow
from fcv_api.extensions import read_transaction, write_transaction

pytestmark = [pytest.mark.usefixtures("app"), BOTH_DATABASES]
FIRST = ModelCopy("LSTM", "1.0.0", "a" * 64, "b" * 64, b"{}", b"\x00flatbuffer\xff")
SECOND = ModelCopy("LSTM", "1.1.0", "c" * 64, "d" * 64, b"{}", b"another")
WORKER = Worker("host", 17, "LSTM", "1.0.0", "a" * 64, 1, "")


def stored() -> int:
    with read_transaction() as connection:
        return int(connection.scalar(select(func.count()).select_from(StoredModel)) or 0)


def test_nothing_is_in_force_before_the_first_activation(app: Flask) -> None:
    assert app
    assert (activations.latest_id(), activations.in_force(), activations.history()) == (0, None, [])


def test_the_last_activation_is_in_force_and_says_who_and_why() -> None:
    activations.activate(FIRST, "ana", "first")
    number = activations.activate(SECOND, "eva", "better at night")
    current = activations.in_force()
    assert current is not None
    assert (current.id, current.reference, current.by, current.reason) == (
        number,
        "LSTM/1.1.0",
        "eva",
        "better at night",
    )
    assert activations.latest_id() == number


def test_the_models_bytes_come_back_as_they_were() -> None:
    first = activations.activate(FIRST, "ana", "first")
    activations.activate(SECOND, "ana", "second")
    assert activations.model_copy(first) == FIRST


def test_a_model_that_is_activated_again_is_stored_once() -> None:
    for copy in (FIRST, SECOND, FIRST):
        activations.activate(copy, "ana", "again")
    assert stored() == 2
    assert [each.version for each in activations.history()] == ["1.0.0", "1.1.0", "1.0.0"]


def test_a_version_whose_manifest_changed_is_another_model() -> None:
    activations.activate(FIRST, "ana", "first")
    changed = ModelCopy("LSTM", "1.0.0", FIRST.sha256, "e" * 64, b'{"scaling": "population"}', FIRST.flatbuffer)
    number = activations.activate(changed, "ana", "scaled otherwise")
    assert activations.model_copy(number).manifest == changed.manifest


def test_a_worker_is_listed_once_with_its_last_word() -> None:
    activations.report(WORKER)
    activations.report(Worker("host", 17, "LSTM", "1.1.0", "c" * 64, 2, "late"))
    (worker,) = activations.workers()
    assert (worker.pid, worker.version, worker.activation, worker.problem) == (17, "1.1.0", 2, "late")


def test_a_worker_that_ended_is_forgotten() -> None:
    activations.report(WORKER)
    activations.forget("host", 17)
    assert activations.workers() == []


def test_a_worker_that_has_said_nothing_for_a_minute_is_not_listed() -> None:
    activations.report(WORKER)
    with write_transaction() as session:
        session.execute(update(WorkerRow).values(seen_at=datetime.now(UTC) - timedelta(seconds=61)))
    assert activations.workers() == []
