"""Recording: numbers and the chain are given in order, by one writer at a time, all or nothing."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest
from conftest import BOTH_DATABASES
from flask import Flask
from recorded import PREDICTION, REFUSAL, append
from sqlalchemy.exc import DBAPIError

from fcv_api.extensions import db
from fcv_api.extensions.cursors import on_sqlite, run, write_attempts, write_cursor
from fcv_api.ledger import chain, query, record
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Record, id_prefix, utc_moment, utc_text
from fcv_api.ledger.tables import GENESIS

pytestmark = pytest.mark.usefixtures("app")


def all_records() -> list[Record]:
    return list(query.stream(Wanted()))


@BOTH_DATABASES
def test_what_was_recorded_is_read_back_as_it_was() -> None:
    given = append([PREDICTION, REFUSAL], perf_counter())
    assert all_records() == given
    assert [each[:15] for each in given] == [PREDICTION[1:16], REFUSAL[1:16]]


@BOTH_DATABASES
def test_a_batchs_texts_and_bytes_are_read_back_as_they_were() -> None:
    words = '[{"detail":"\\"36,5 °C\\" \\\\x00 \\u2028 {,}"}]'
    awkward = PREDICTION._replace(warnings=words, window_raw=bytes(range(256)), sources=b"\0x")
    given = append([each for slot in range(500) for each in (awkward._replace(slot=slot), REFUSAL)], perf_counter())
    assert all_records() == given
    assert [each[:15] for each in given[:2]] == [awkward[1:16], REFUSAL[1:16]]
    assert (given[6].slot, given[6].sources) == (3, b"\0x")


@BOTH_DATABASES
def test_each_record_carries_the_hash_of_the_one_before_it() -> None:
    first, second = append([PREDICTION, REFUSAL], perf_counter())
    (third,) = append([PREDICTION], perf_counter())
    assert [each.seq for each in (first, second, third)] == [1, 2, 3]
    assert [each.previous for each in (first, second, third)] == [GENESIS, first.hash, second.hash]


@BOTH_DATABASES
def test_the_hash_can_be_computed_by_anybody_from_what_is_stored() -> None:
    """As docs/records.md says it, with nothing but the standard library."""
    plain = PREDICTION._replace(warnings='[{"detail":"36,5 °C"}]')
    for made in append([plain, plain._replace(slot=300_000_000, sources=b"\0x")], perf_counter()):
        others = [getattr(made, name) for name in Record._fields if name not in ("window_raw", "hash")]
        others = others[:-2] if made.slot is None else [*others[:-1], (made.sources or b"").hex()]
        text = json.dumps(others, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256((made.window_raw or b"") + text.encode()).hexdigest() == made.hash


@BOTH_DATABASES
def test_when_and_how_long_after_the_receipt_is_recorded() -> None:
    (made,) = append([PREDICTION], perf_counter() - 2)
    assert 2_000_000 <= made.duration_us < 3_000_000
    assert abs(utc_moment(made.at) - datetime.now(UTC)) < timedelta(seconds=5)


@BOTH_DATABASES
def test_times_are_in_order_as_text() -> None:
    moments = [datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]
    texts = [utc_text(each) for each in moments]
    assert sorted(texts) == texts
    assert [utc_moment(each) for each in texts] == moments
    assert {len(each) for each in texts} == {27}


@BOTH_DATABASES
def test_many_writers_at_once_make_one_chain(app: Flask) -> None:
    def write(_number: int) -> None:
        with app.app_context():
            append([PREDICTION, REFUSAL], perf_counter())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    records = all_records()
    assert [each.seq for each in records] == list(range(1, 81))
    assert [each.previous for each in records[1:]] == [each.hash for each in records[:-1]]


REVOKE = "INSERT INTO revoked_tokens VALUES (?, '2030-01-01 00:00:00')"


@BOTH_DATABASES
def test_another_write_joins_the_transaction() -> None:
    with write_cursor() as cursor:
        (made,) = record.append(cursor, [PREDICTION])
        run(cursor, REVOKE, made.id)
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT jti FROM revoked_tokens").scalar() == made.id


@BOTH_DATABASES
def test_where_the_other_write_fails_nothing_is_recorded() -> None:
    def record_and_fail() -> None:
        with write_cursor() as cursor:
            record.append(cursor, [PREDICTION])
            cursor.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(DBAPIError):
        record_and_fail()
    assert all_records() == []
    assert append([PREDICTION], perf_counter())[0].seq == 1


def record_standing_still(times: int) -> list[Record]:
    """Record, and stand still the first times for longer than PostgreSQL lets a silent client hold the lock."""
    records: list[Record] = []
    for number, attempt in enumerate(write_attempts()):
        with attempt as cursor:
            records = record.append(cursor, [PREDICTION, REFUSAL])
            if number < times and not on_sqlite(cursor):
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
                time.sleep(0.2)
            run(cursor, REVOKE, "x")
    return records


@BOTH_DATABASES
def test_a_writer_that_stood_still_and_lost_the_lock_records_once_when_it_goes_on() -> None:
    assert record_standing_still(1) == all_records()
    assert [each.seq for each in all_records()] == [1, 2]
    assert chain.verify().count == 2


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("times", "seconds_in_line"), [(2, 2.0), (1, 0.1)], ids=["twice", "for long"])
def test_a_writer_that_stands_still_again_or_for_long_records_nothing(
    times: int, seconds_in_line: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcv_api.extensions.cursors.SECONDS_IN_LINE", seconds_in_line)
    with pytest.raises(DBAPIError, match="idle-in-transaction"):
        record_standing_still(times)
    assert all_records() == []


@BOTH_DATABASES
def test_an_id_begins_with_the_time_of_its_record() -> None:
    (made,) = append([PREDICTION], perf_counter())
    assert made.id.startswith(id_prefix(utc_moment(made.at)))
    assert query.search(Wanted(since=made.at), 2) == [made]


@BOTH_DATABASES
def test_a_record_that_waited_for_the_lock_is_found_by_whoever_asked_meanwhile(app: Flask) -> None:
    """Who asks `since` when it asked last must not miss what was received before that, and recorded after it."""

    def write() -> list[Record]:
        with app.app_context():
            return append([PREDICTION], perf_counter())

    with ThreadPoolExecutor(1) as pool:
        with write_cursor() as cursor:
            record.lock(cursor)
            waiting = pool.submit(write)
            if on_sqlite(cursor):
                time.sleep(1.7)  # it gives up after 2 s
            else:
                cursor.execute("SELECT pg_sleep(1.7)")
            since = utc_text(datetime.now(UTC))
        (made,) = waiting.result()
    assert query.search(Wanted(since=since), 2) == [made]
    assert made.duration_us > 1_500_000
