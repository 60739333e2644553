"""The bodies of a process take no more than so many bytes, and are counted as gone with their requests."""

from __future__ import annotations

import pytest
from accounts_over_http import problem
from flask.testing import FlaskClient

from fcv_api.web import held
from fcv_api.wire.example import example_batch


@pytest.fixture
def _room_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "LARGE", 2)
    monkeypatch.setattr(held, "MOST", 1000)


def size() -> int:
    """Say what is counted now."""
    return held._BODIES.size  # noqa: SLF001


@pytest.mark.usefixtures("_room_for_little")
def test_a_body_beside_others_that_fill_the_room_comes_again_later(http: FlaskClient, token: dict[str, str]) -> None:
    assert held._BODIES.add(900, 0)  # noqa: SLF001
    response = http.post("/predict/batch", json=example_batch(), headers=token)
    problem(response, 503, "too-many-large-bodies")
    assert response.headers["Retry-After"] == "5"
    held._BODIES.remove(900)  # noqa: SLF001
    assert http.post("/predict/batch", json=example_batch(), headers=token).status_code == 200
    assert size() == 0


@pytest.mark.usefixtures("_room_for_little")
def test_one_that_is_larger_than_the_room_is_read_where_it_is_alone(http: FlaskClient, token: dict[str, str]) -> None:
    assert http.post("/predict/batch", json=example_batch(), headers=token).status_code == 200


def test_a_small_body_has_room_whatever_is_held(http: FlaskClient, token: dict[str, str]) -> None:
    assert held._BODIES.add(2 * held.MOST, 0)  # noqa: SLF001
    assert http.post("/predict/batch", json=example_batch(), headers=token).status_code == 200
    held._BODIES.remove(2 * held.MOST)  # noqa: SLF001
    assert size() == 0


@pytest.mark.parametrize("body", [b"{nothing", b"{}", b"[]"], ids=repr)
def test_a_refused_body_is_counted_as_gone(http: FlaskClient, token: dict[str, str], body: bytes) -> None:
    headers = token | {"Content-Type": "application/json"}
    assert http.post("/predict/batch", data=body, headers=headers).status_code in (400, 422)
    assert size() == 0
