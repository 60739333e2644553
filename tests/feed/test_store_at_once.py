"""Several requests at one moment: nothing is lost, and nobody waits for each other."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from conftest import BOTH_DATABASES
from flask import Flask
from memory import NOW, SECOND, held, observation, post_all, rows

from fcv_api.domain.observations import Posted

THREADS, POSTS = 4, 6


@BOTH_DATABASES
def test_requests_of_the_same_stays_at_one_moment_are_all_stored_once(app: Flask) -> None:
    def send(thread: int) -> Counter[str]:
        total: Counter[str] = Counter()
        with app.app_context():
            for step in range(POSTS):
                said = [observation(float(step), minutes=step, bed="B1"), observation(minutes=step + 0.1 * thread)]
                numbers = (1, 2, 3) if thread % 2 else (3, 2, 1)
                for taken in post_all([Posted(each, said) for each in numbers], now=NOW + thread * SECOND):
                    total.update(taken.counts)
        return total

    with ThreadPoolExecutor(THREADS) as pool:
        counts = sum(pool.map(send, range(THREADS)), Counter())
    assert counts["new"] == len(held()) == len(rows("SELECT 1 FROM observations"))
    assert len(held()) == 3 * POSTS * THREADS
    assert rows("SELECT count(*) FROM stays") == [(3,)]
