"""A large answer is sent from a file, and is the same."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from fcv_api.web import large_answers, retries
from fcv_api.wire.example import example_batch


def ask(http: FlaskClient, token: dict[str, str]) -> Any:
    return http.post("/predict/batch", json=example_batch(), headers=token | {"Idempotency-Key": "a"}, buffered=True)


def test_a_large_answer_comes_from_a_file_and_says_the_same(
    http: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ask(http, token)
    monkeypatch.setattr(large_answers, "LARGE", 100)
    large = ask(http, token)
    assert large.headers["Idempotent-Replayed"] == "true"
    assert large.headers["Content-Length"] == small.headers["Content-Length"] == str(len(large.data))
    assert large.data == small.data
    assert large.content_type == small.content_type


def test_without_room_for_a_file_it_is_answered_all_the_same(
    http: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(large_answers, "LARGE", 100)
    monkeypatch.setattr(large_answers, "TemporaryFile", full)
    assert ask(http, token).get_json()["failed"] == 1


def test_an_answer_that_is_too_large_is_not_kept(
    http: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "LARGEST_KEPT", 100)
    assert "Idempotent-Replayed" not in ask(http, token).headers
    assert "Idempotent-Replayed" not in ask(http, token).headers
