"""Schedulers that are killed and frozen at every point of a turn: each turn is recorded once, and none is missing."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from clients import SHORT
from conftest import MakeSettings
from fed import fill
from memory import MINUTE, NOW, rows
from postgres import cluster, new_database
from schedulers import STRIKES, Scheduler, Shared, schedulers
from sqlalchemy.exc import DBAPIError

from fcv_api.app import database_app
from fcv_api.cli.db import migrate_database
from fcv_api.feed import store
from fcv_api.feed.store import Arrival
from fcv_api.ledger import chain
from fcv_api.wire.example import example_request
from fcv_api.wire.observations import ObservationsSchema

STAYS, SLOTS = (100, 5) if SHORT else (250, 20)
SLOT = 5 * MINUTE
STOPS = 1 if SHORT else 8
SECONDS_A_SLOT = 60.0
"""At most, for five minutes of the feed's clock: it goes on as soon as each turn of a slot is recorded."""
SEED = 20
RECORDED = "SELECT count(*) FROM predictions WHERE slot = ?"
ALL = "SELECT encounter, slot, window_last, problem FROM predictions ORDER BY seq"
HOSTS = {"postgresql": ("one", "one", "other"), "sqlite": ("one", "one")}


@pytest.mark.parametrize("database", HOSTS)
def test_schedulers_killed_and_frozen_at_every_point_record_each_turn_once(
    database: str, make_settings: MakeSettings, request: pytest.FixtureRequest
) -> None:
    given = {"DATABASE_URL": new_database(request.getfixturevalue("postgres"))} if database == "postgresql" else {}
    settings = {host: make_settings(**given) for host in HOSTS[database]}
    migrate_database(settings["one"])
    shared, chance = Shared(), random.Random(SEED)
    with database_app(settings["one"]).app_context():
        fill(*range(1, STAYS + 1))
        with schedulers(settings, HOSTS[database], shared) as running:
            seconds = [_play(NOW + step * SLOT, shared, running, chance) for step in range(1, SLOTS + 1)]
        _assert_each_turn_once(shared, seconds)


def _play(slot: int, shared: Shared, running: list[Scheduler], chance: random.Random) -> float:
    """Post a slot's rows, let it be driven until all its turns are recorded, and return how long that took."""
    _repeatedly(lambda: _post(slot), running, chance)
    shared.slot.value = slot
    return _wait_for(slot, running, chance)


def _wait_for(slot: int, running: list[Scheduler], chance: random.Random) -> float:
    began = time.monotonic()
    moment = began + chance.random() / 4  # at which one is struck wherever it happens to be
    while rows(RECORDED, slot) != [(STAYS,)]:
        assert time.monotonic() - began < SECONDS_A_SLOT, f"turns of slot {slot} are missing"
        for each in running:
            each.tend(chance)
        if time.monotonic() > moment:
            chance.choice(running).strike(chance.choice((signal.SIGKILL, signal.SIGSTOP)))
            moment = began + SECONDS_A_SLOT
        time.sleep(0.1)
    return time.monotonic() - began


def test_postgresql_that_is_stopped_in_the_middle_of_turns_and_posts_loses_none(make_settings: MakeSettings) -> None:
    shared, chance = Shared(), random.Random(SEED)
    with cluster() as server:
        settings = {host: make_settings(DATABASE_URL=new_database(server.url)) for host in ("one",)}
        migrate_database(settings["one"])
        with database_app(settings["one"]).app_context():
            fill(*range(1, STAYS + 1))
            with schedulers(settings, ("one", "one"), shared) as running:
                for step in range(1, STOPS + 1):
                    slot = NOW + step * SLOT
                    _repeatedly(lambda slot=slot: _post(slot), running, chance)  # type: ignore[misc]
                    shared.slot.value = slot
                    time.sleep(chance.random() / 2)
                    server.stop()
                    with pytest.raises(DBAPIError):
                        _post(slot)
                    server.start()
                    _wait_for(slot, running, chance)
            found = Counter(rows("SELECT encounter, slot FROM predictions"))
            assert set(found.values()) == {1}
            assert len(found) == chain.verify().count == STOPS * STAYS
            print(f"\n{STOPS} stops of PostgreSQL: {len(found):,} turns, none recorded twice and none missing")


def _post(slot: int) -> None:
    """Store one row of each sign for each stay, as a gateway does."""
    request = example_request()
    last, at = list(request["valor"])[-9:], time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(slot // 1_000_000))
    columns = ("nomSigno", "idSigno", "valor")
    rows_ = {f"{encounter} {row}": (encounter, row) for encounter in range(1, STAYS + 1) for row in last}
    body: dict[str, Any] = {name: {key: request[name][row] for key, (_, row) in rows_.items()} for name in columns}
    body["idAtencion"] = {key: encounter for key, (encounter, _) in rows_.items()}
    body["fecRegistro"] = dict.fromkeys(rows_, at)
    store.store(ObservationsSchema().load(body).observations(UTC).posted, Arrival("api:ana", slot, slot, 12))


def _repeatedly(post: Callable[[], None], running: list[Scheduler], chance: random.Random) -> None:
    """Send again what was answered 503, as a client does: a frozen scheduler may hold the lock of SQLite's writer."""
    deadline = time.monotonic() + SECONDS_A_SLOT
    while time.monotonic() < deadline:
        try:
            return post()
        except DBAPIError:
            for each in running:
                each.tend(chance)
    raise AssertionError("a post was refused for a whole slot")


def _assert_each_turn_once(shared: Shared, seconds: list[float]) -> None:
    found, made = rows(ALL), shared.made()
    pairs = Counter((encounter, slot) for encounter, slot, _last, _problem in found)
    wanted = {(encounter, NOW + step * SLOT) for encounter in range(1, STAYS + 1) for step in range(1, SLOTS + 1)}
    print(
        f"\n{len(found):,} turns, {made.total()} strikes: {dict(made)}; slowest slot {max(seconds):.1f} s; "
        f"{sum(count > 1 for count in pairs.values())} recorded twice, {len(wanted - pairs.keys())} missing"
    )
    assert pairs == Counter(wanted)
    assert {problem for *_, problem in found} == {None}
    assert all(last == _utc(slot) for _encounter, slot, last, _problem in found)
    assert chain.verify().count == len(found)
    assert len(+made) == len(STRIKES) or SHORT


def _utc(slot: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(slot // 1_000_000))
