"""What is old is deleted in small steps, and nothing by a clock that is doubted."""

from __future__ import annotations

from itertools import count

import pytest
from conftest import BOTH_DATABASES
from memory import HEIGHT, HOUR, MINUTE, NOW, TABLES, held, observation, post, rows

from fcv_api.extensions.cursors import write_cursor
from fcv_api.feed import retention, stays
from fcv_api.ledger.retention import growth

pytestmark = pytest.mark.usefixtures("empty_database")
LATER = NOW + 12 * HOUR


def keep_the_clock(now: int) -> None:
    """Let something arrive, so that the clock is trusted."""
    post(observation(minutes=(NOW - now) / MINUTE), encounter=99, now=now)


def go_on_until(now: int) -> None:
    for hour in range(1, (now - NOW) // HOUR + 1):
        keep_the_clock(NOW + hour * HOUR)


@BOTH_DATABASES
def test_observations_are_deleted_when_they_are_older_than_the_setting() -> None:
    post(observation(minutes=1), observation())
    go_on_until(LATER)
    before = len(held())
    assert retention.purge(LATER, 12) == 1
    assert len(held()) == before - 1


@BOTH_DATABASES
def test_nothing_is_deleted_while_the_clock_is_doubted() -> None:
    post(observation())
    assert retention.purge(NOW + 48 * HOUR, 12) == 0
    keep_the_clock(NOW + 48 * HOUR)
    assert retention.purge(NOW + 48 * HOUR + MINUTE, 12) == 0
    for minute in (1, 2, 3):
        keep_the_clock(NOW + 48 * HOUR + minute * MINUTE)
    assert retention.purge(NOW + 48 * HOUR + 4 * MINUTE, 12) > 0
    assert rows("SELECT id FROM stays") == [(99,)]


@BOTH_DATABASES
def test_the_newest_height_stays_until_its_stay_is_closed() -> None:
    old = 30 * 24 * 60
    post(observation(180.0, minutes=old, sign=HEIGHT), observation(181.0, minutes=old - 60, sign=HEIGHT))
    go_on_until(LATER)
    now = LATER + HOUR
    post(observation(minutes=-13 * 60), now=now)
    assert retention.purge(now + MINUTE, 12) > 0
    heights = "SELECT value FROM observations WHERE sign = 188740"
    assert rows(heights) == [(181.0,)]
    stays.close(1, now + MINUTE)
    retention.purge(now + 2 * MINUTE, 12)
    assert rows(heights) == []


def test_it_goes_in_steps_of_500_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    post(*(observation(minutes=step / 10) for step in range(600)))
    go_on_until(LATER)
    opened = count()
    monkeypatch.setattr(retention, "write_cursor", lambda: write_cursor() if next(opened) >= 0 else None)
    assert retention.purge(LATER + HOUR, 12) >= 600
    assert next(opened) == 7  # two for the observations, and one for each other kind of row


def test_of_a_stay_that_ended_two_days_ago_nothing_is_left() -> None:
    post(observation(bed="B1"))
    go_on_until(NOW + 26 * HOUR)
    retention.purge(NOW + 26 * HOUR, 12)
    left = {table: len(rows(f"SELECT 1 FROM {table}")) for table in TABLES}
    assert rows("SELECT encounter FROM observations WHERE encounter = 1") == []
    assert rows("SELECT id FROM stays WHERE id = 1") == []
    assert left["placements"] == 0


def test_observations_are_not_counted_as_the_size_of_the_record() -> None:
    before = growth().size
    post(*(observation(minutes=step / 10) for step in range(4000)))
    assert abs(growth().size - before) < 200_000  # they take 776 kB
