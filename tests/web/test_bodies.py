"""The bodies of a process take no more than so many bytes, and go with their requests; large answers go from a file."""

from __future__ import annotations

from typing import Any

import pytest
from accounts_over_http import problem
from flask.testing import FlaskClient

from fcv_api.web import bodies, retries
from fcv_api.wire.example import example_batch


@pytest.fixture
def _room_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGE", 2)
    monkeypatch.setattr(bodies, "MOST", 1000)


def size() -> int:
    """Say what is counted now."""
    return bodies._BODIES.size  # noqa: SLF001


@pytest.mark.usefixtures("_room_for_little")
def test_a_body_beside_others_that_fill_the_room_comes_again_later(http: FlaskClient, token: dict[str, str]) -> None:
    assert bodies._BODIES.add(900, 0)  # noqa: SLF001
    response = http.post("/predict/batch", json=example_batch(), headers=token)
    problem(response, 503, "too-many-large-bodies")
    assert response.headers["Retry-After"] == "5"
    bodies._BODIES.remove(900)  # noqa: SLF001
    assert http.post("/predict/batch", json=example_batch(), headers=token).status_code == 200
    assert size() == 0


@pytest.mark.usefixtures("_room_for_little")
def test_one_that_is_larger_than_the_room_is_read_where_it_is_alone(http: FlaskClient, token: dict[str, str]) -> None:
    assert http.post("/predict/batch", json=example_batch(), headers=token).status_code == 200


def test_a_small_body_has_room_whatever_is_held(http: FlaskClient, token: dict[str, str]) -> None:
    assert bodies._BODIES.add(2 * bodies.MOST, 0)  # noqa: SLF001
    assert http.post("/predict/batch", json=example_batch(), headers=token).status_code == 200
    bodies._BODIES.remove(2 * bodies.MOST)  # noqa: SLF001
    assert size() == 0


@pytest.mark.parametrize("body", [b"{nothing", b"{}", b"[]"], ids=repr)
def test_a_refused_body_is_counted_as_gone(http: FlaskClient, token: dict[str, str], body: bytes) -> None:
    headers = token | {"Content-Type": "application/json"}
    assert http.post("/predict/batch", data=body, headers=headers).status_code in (400, 422)
    assert size() == 0


def ask(http: FlaskClient, token: dict[str, str]) -> Any:
    return http.post("/predict/batch", json=example_batch(), headers=token | {"Idempotency-Key": "a"}, buffered=True)


def test_a_large_answer_comes_from_a_file_and_says_the_same(
    http: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ask(http, token)
    monkeypatch.setattr(bodies, "LARGE_ANSWER", 100)
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

    monkeypatch.setattr(bodies, "LARGE_ANSWER", 100)
    monkeypatch.setattr(bodies, "TemporaryFile", full)
    assert ask(http, token).get_json()["failed"] == 1


def test_an_answer_that_is_too_large_is_not_kept(
    http: FlaskClient, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "LARGEST_KEPT", 100)
    assert "Idempotent-Replayed" not in ask(http, token).headers
    assert "Idempotent-Replayed" not in ask(http, token).headers
