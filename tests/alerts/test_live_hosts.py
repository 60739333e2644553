"""Two hosts and a killed one: the live events are those of a simulation over the record."""

from __future__ import annotations

import random
import signal
from multiprocessing.process import BaseProcess

from conftest import BOTH_DATABASES
from drive import STEP, drive
from fed import fill
from force import POLICY, enforce, happened, simulated
from forked import begun, ended
from memory import MINUTE, NOW, observation, post, rows

from fcv_api.app import database_app
from fcv_api.cli.db import migrate_database
from fcv_api.extensions import db
from fcv_api.ledger import chain
from fcv_api.settings import Settings

STAYS, SLOTS = 12, 6


def started(settings: Settings, *killed_at: int) -> BaseProcess:
    """Start a host that scores the turns of the slots."""
    return begun(drive, settings, NOW, SLOTS, *killed_at)


@BOTH_DATABASES
def test_two_hosts_and_a_killed_one_raise_what_a_simulation_over_the_record_raises(settings: Settings) -> None:
    migrate_database(settings)
    dice = random.Random(5)
    with database_app(settings).app_context():
        enforce(model_sha256="e" * 64)
        fill(*range(1, STAYS + 1))
        for encounter in range(1, STAYS + 1):
            found = (observation(80 + 60 * dice.random(), minutes=-5 * slot) for slot in range(SLOTS))
            post(*found, encounter=encounter, now=NOW + SLOTS * STEP)
        assert ended(started(settings, 3)) == -signal.SIGKILL
        hosts = [started(settings) for _ in range(2)]
        assert [ended(host) for host in hosts] == [0, 0]
        pairs = rows("SELECT encounter, slot FROM predictions")
        assert len(pairs) == len(set(pairs)) >= STAYS * (SLOTS - 1)
        assert rows(f"SELECT count(*) FROM predictions WHERE slot = {NOW + (SLOTS - 1) * 5 * MINUTE}") == [(STAYS,)]
        assert {kind for _, _, _, kind, _, _ in happened()} == {"raised", "held", "ended"}
        assert happened() == simulated(POLICY, "e" * 64)
        assert chain.verify().count == len(pairs)
        db.engine.dispose()
