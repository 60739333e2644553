"""Marks of who has seen a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import BOTH_DATABASES
from flask.testing import FlaskClient

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.extensions import read_transaction
from fcv_api.ledger import retention, seen
from fcv_api.ledger.tables import SeenRow

MakeToken = Callable[..., dict[str, str]]


@pytest.fixture
def record(http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]) -> str:
    """Give the id of a record."""
    return http.post("/predict", json=encounter, headers=token).headers["Location"].rpartition("/")[2]


@pytest.fixture
def luz(record: str) -> int:
    """Give the number of somebody who may mark, beside the client whose record it is."""
    assert record
    return accounts.create_user("luz", "correct horse battery", role=Role.CLINICIAN, min_length=8).id


@BOTH_DATABASES
def test_a_mark_names_who_saw_a_record_and_when(record: str, luz: int) -> None:
    assert seen.mark(record, luz)
    ((user, at),) = seen.seen_by([record, "another"])[record]
    assert (user, at.tzinfo is not None) == ("luz", True)


@BOTH_DATABASES
def test_the_first_mark_of_a_user_counts_and_a_second_adds_none(record: str, luz: int) -> None:
    assert seen.mark(record, luz)
    first = seen.seen_by([record])
    assert seen.mark(record, luz)
    assert seen.seen_by([record]) == first


def test_a_record_that_is_not_there_cannot_be_marked(record: str, luz: int) -> None:
    assert not seen.mark(f"{record}0", luz)
    assert seen.seen_by([f"{record}0"]) == {}


def test_marks_are_purged_with_their_record(record: str, luz: int) -> None:
    seen.mark(record, luz)
    due = retention.due(0)
    assert retention.purge(due, "a test") == 1
    with read_transaction() as connection:
        assert connection.execute(SeenRow.__table__.select()).all() == []
