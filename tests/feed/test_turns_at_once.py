"""Several schedulers at one slot: each turn is recorded once, and none is left out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from conftest import BOTH_DATABASES
from fed import FEED, fill
from memory import MINUTE, NOW, observation, post, rows
from migrated import migrate

from fcv_api.app import database_app
from fcv_api.extensions import db
from fcv_api.feed.turns import run_slot
from fcv_api.ledger import chain
from fcv_api.settings import Settings

SCHEDULERS, STAYS, SLOTS = 3, 12, 3


@BOTH_DATABASES
def test_three_schedulers_record_each_turn_once(settings: Settings) -> None:
    migrate(settings)
    hosts = [database_app(settings, serving=settings.database_url.startswith("postgresql")) for _ in range(SCHEDULERS)]

    def drive(host: int) -> int:
        with hosts[host].app_context():
            try:
                return sum(run_slot(FEED, NOW + slot * 5 * MINUTE) for slot in range(SLOTS))
            finally:
                db.engine.dispose()

    with hosts[0].app_context():
        fill(*range(1, STAYS + 1))
        for encounter in range(1, STAYS + 1):
            post(*(observation(minutes=-5 * slot) for slot in range(SLOTS)), encounter=encounter, now=NOW + 15 * MINUTE)
    with ThreadPoolExecutor(SCHEDULERS) as pool:
        recorded = sum(pool.map(drive, range(SCHEDULERS)))
    with hosts[0].app_context():
        pairs = rows("SELECT encounter, slot FROM predictions")
        assert recorded == len(pairs) == len(set(pairs))
        last = f"SELECT count(*) FROM predictions WHERE slot = {NOW + (SLOTS - 1) * 5 * MINUTE}"
        assert rows(last) == [(STAYS,)]
        assert chain.verify().count == recorded
        db.engine.dispose()
