"""A batch of as many encounters as there may be: how long its records keep all others from recording."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from clients import SHORT
from conftest import BOTH_DATABASES
from flask import Flask
from recorded import PREDICTION

from fcv_api.extensions import db
from fcv_api.extensions.cursors import write_cursor
from fcv_api.ledger import record

ENCOUNTERS, WANTED = 1_000, 0.2
TIMES = 5 if SHORT else 30


@BOTH_DATABASES
def test_a_thousand_records_hold_the_lock_for_two_tenths_of_a_second(app: Flask) -> None:
    taken = [held() for _ in range(TIMES)]
    print(
        f"\n{ENCOUNTERS} records in one transaction on {db.engine.dialect.name}, {TIMES} times: the lock was held for "
        f"{min(taken):.2f} to {max(taken):.2f} s, {median(taken):.2f} s in half of them"
    )
    assert app
    assert median(taken) < WANTED


def held() -> float:
    """Return the seconds from the lock to the commit."""
    entries = [PREDICTION._replace(started=perf_counter(), encounter=each) for each in range(ENCOUNTERS)]
    with write_cursor() as cursor:
        record.lock(cursor)
        began = perf_counter()
        record.append(cursor, entries)
    return perf_counter() - began
