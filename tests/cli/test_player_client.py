"""The player's client and pace, with a service that is not well and a clock that is the test's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from unwell import Step, Unwell, unwell_service

from fcv_api.cli.player import client as clients
from fcv_api.cli.player import play
from fcv_api.cli.player.client import Client, Unanswered
from fcv_api.cli.player.play import Pace

TOKEN: Step = (200, {}, '{"access_token": "t1"}')
ANSWER: Step = (200, {}, '{"results": [], "errors": []}')
OLD: Step = (401, {}, '{"type": "/problems/not-authenticated"}')


@pytest.fixture
def client() -> Iterator[Client]:
    """Give a client of a service that answers by script."""
    with unwell_service() as url:
        own = Client(url, ("ana", "secret"))
        yield own
        own.close()


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give how long the client waited, without waiting."""
    waits: list[float] = []
    monkeypatch.setattr(clients, "sleep", waits.append)
    return waits


def test_what_got_no_answer_is_sent_again_as_it_was_and_as_late_as_the_service_asks(
    client: Client, waited: list[float]
) -> None:
    Unwell.script = [
        TOKEN,
        (503, {"Retry-After": "7"}, "{}"),
        (0, {}, ""),
        (502, {}, "<html>"),
        (429, {}, "{}"),
        ANSWER,
    ]
    assert client.post("/observations", {"a": 1}, "results") == {"results": [], "errors": []}
    assert Unwell.bodies[1:] == [b'{"a":1}'] * 5
    assert waited == [7.0, 2.0, 4.0, 8.0]
    assert (client.retried, client.signed_in) == (4, 1)


def test_a_token_that_is_20_minutes_old_is_renewed_and_the_rows_are_sent_again(
    client: Client, waited: list[float]
) -> None:
    Unwell.script = [TOKEN, ANSWER, OLD, (200, {}, '{"access_token": "t2"}'), ANSWER]
    for _ in range(2):
        client.post("/observations", {}, "results")
    assert Unwell.seen == [
        "/auth/token -",
        *["/observations Bearer t1"] * 2,
        "/auth/token -",
        "/observations Bearer t2",
    ]
    assert (client.signed_in, waited) == (2, [])


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ((403, {}, '{"type": "/problems/not-allowed", "detail": "No."}'), "refused: 403 /problems/not-allowed: No."),
        ((503, {}, '{"type": "/problems/feed-off", "detail": "Off."}'), "refused: 503 /problems/feed-off: Off."),
        ((404, {}, "<html>"), "refused: 404 : no problem of this service"),
        ((200, {}, "<html>"), "not this service: 200 without results"),
        ((200, {}, '{"ok": true}'), "not this service: 200 without results"),
    ],
    ids=["403", "feed-off", "404", "html", "another service"],
)
def test_a_refusal_is_not_asked_again(client: Client, waited: list[float], last: Step, reason: str) -> None:
    Unwell.script = [TOKEN, last]
    with pytest.raises(Unanswered) as raised:
        client.post("/observations", {}, "results")
    assert reason in raised.value.message
    assert waited == []


def test_a_wrong_password_ends_it(client: Client, waited: list[float]) -> None:
    Unwell.script = [(401, {}, '{"type": "/problems/wrong-credentials", "detail": "No."}')]
    with pytest.raises(Unanswered, match="refused: 401 /problems/wrong-credentials"):
        client.post("/observations", {}, "results")
    assert (len(Unwell.seen), waited, client.signed_in) == (1, [], 0)


def test_the_client_gives_up_when_its_patience_is_over(
    client: Client, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "PATIENCE", 3.0)
    Unwell.script = [TOKEN, (503, {}, "{}"), (503, {"Retry-After": "9"}, '{"type": "/problems/x", "detail": "y"}')]
    with pytest.raises(Unanswered, match=r"No answer in 3 s\. The last try: 503 /problems/x: y"):
        client.post("/observations", {}, "results")
    assert waited == [1.0]


def test_a_post_waits_for_its_time_at_the_speed_and_says_how_late_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    waits: list[float] = []
    monkeypatch.setattr(play, "monotonic", lambda: now[0])
    monkeypatch.setattr(play, "sleep", waits.append)
    pace = Pace(5_000_000, 60.0, 100.0)
    assert pace.wait(5_000_000 + 60_000_000) == 0.0
    assert waits == [1.0]
    now[0] = 103.5
    assert pace.wait(5_000_000 + 180_000_000) == 0.5
    assert waits == [1.0]
