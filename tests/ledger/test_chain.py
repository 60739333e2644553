"""Verifying: any record that was changed, taken out or put in up to the last published head is found, and named."""

from __future__ import annotations

from time import perf_counter

import pytest
from conftest import BOTH_DATABASES
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded import PREDICTION, REFUSAL, append
from sqlalchemy import delete, insert, select, text, update

from fcv_api.extensions import write_transaction
from fcv_api.ledger import query, retention
from fcv_api.ledger.chain import verify
from fcv_api.ledger.heads import publish_head
from fcv_api.ledger.published import BrokenChain, Published
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Link, Record, digest, utc_moment
from fcv_api.ledger.retention import Purge
from fcv_api.ledger.tables import CheckpointRow, HeadRow, PredictionRow

pytestmark = pytest.mark.usefixtures("app")
CHANGES = {
    "encounter": 5503,
    "user_id": 8,
    "request_id": "another",
    "body_sha256": "e" * 64,
    "problem": "window-span",
    "model_name": "another",
    "model_version": "9",
    "model_sha256": "f" * 64,
    "window_first": "2024-03-03T12:55:00.000001Z",
    "window_last": "2024-03-03T14:30:00.000001Z",
    "window_raw": b"\0" * 1440,
    "probabilities": "{}",
    "state": "cardiac_arrest",
    "warnings": "[1]",
    "runtime": "another",
    "id": "0" * 32,
    "at": "2024-03-03T14:30:00.000001Z",
    "duration_us": -1,
    "previous": "1" * 64,
    "hash": "2" * 64,
    "slot": 300_000_000,
    "sources": b"x",
}


def recorded(count: int) -> list[Record]:
    return append([PREDICTION, REFUSAL] * (count // 2), perf_counter())


def change(seq: int, **values: object) -> None:
    with write_transaction() as session:
        session.execute(update(PredictionRow).where(PredictionRow.seq == seq).values(**values))


def take_out(*numbers: int) -> None:
    with write_transaction() as session:
        session.execute(delete(PredictionRow).where(PredictionRow.seq.in_(numbers)))


def chain_anew(first: int) -> None:
    """Do what a thorough forger does: give every record from one on a number and a hash that fit."""
    records = list(query.stream(Wanted()))
    kept, rest = records[: first - 1], records[first - 1 :]
    last = Link(kept[-1].seq, kept[-1].hash)
    take_out(*[each.seq for each in rest])
    with write_transaction() as session:
        for each in rest:
            placed = each._replace(seq=last.seq + 1, previous=last.hash)
            placed = placed._replace(hash=digest(placed))
            session.execute(insert(PredictionRow).values(placed._asdict()))
            last = Link(placed.seq, placed.hash)


@BOTH_DATABASES
def test_an_untouched_record_verifies() -> None:
    records = recorded(10)
    found = verify()
    assert (found.count, found.head) == (10, Link(10, records[-1].hash))


def test_an_empty_record_verifies() -> None:
    assert verify().count == 0


@pytest.mark.parametrize("column", list(CHANGES))
def test_a_change_of_any_column_is_found_and_the_record_named(column: str) -> None:
    recorded(6)
    change(3, **{column: CHANGES[column]})
    with pytest.raises(BrokenChain, match=r"^Record 3 "):
        verify()


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("at = x'00ff'", "Record 2 "),
        ("window_raw = 'zz'", "Record 2 "),
        ("request_id = CAST(x'ff' AS TEXT)", "A record was changed, one of the 500 records after [01]"),
    ],
)
def test_a_cell_that_is_not_of_its_columns_kind_is_found_too(written: str, named: str) -> None:
    recorded(4)
    with write_transaction() as session:
        session.execute(text(f"UPDATE predictions SET {written} WHERE seq = 2"))
    with pytest.raises(BrokenChain, match=named):
        verify()


def test_a_purge_that_nobody_did_is_found_by_its_count() -> None:
    third = recorded(6)[2]
    take_out(1, 2, 3)
    mark = {"seq": 3, "hash": third.hash, "count": 1, "at": third.at, "by": "nobody"}
    with write_transaction() as session:
        session.execute(insert(CheckpointRow).values(mark))
    with pytest.raises(BrokenChain, match="count 1 records, and end at record 3"):
        verify()


def test_every_column_is_tried() -> None:
    assert set(CHANGES) | {"seq"} == set(Record._fields)


@BOTH_DATABASES
def test_a_record_that_was_taken_out_is_found() -> None:
    recorded(6)
    take_out(3, 5)
    with pytest.raises(BrokenChain, match=r"^Record 3 was taken out"):
        verify()


def test_a_record_whose_hash_was_computed_anew_is_found_by_the_one_after_it() -> None:
    records = recorded(6)
    forged = records[2]._replace(encounter=1)
    change(3, encounter=1, hash=digest(forged))
    with pytest.raises(BrokenChain, match=r"^Record 3 was changed: Record 4"):
        verify()


def test_records_taken_off_the_end_are_found_where_a_head_was_published() -> None:
    recorded(6)
    assert publish_head()
    take_out(5, 6)
    with pytest.raises(BrokenChain, match=r"^Record 5 was taken out"):
        verify()


@pytest.mark.parametrize("forge", ["changed", "taken out"])
def test_a_chain_that_was_forged_to_its_end_does_not_fit_the_published_head(forge: str) -> None:
    recorded(6)
    assert publish_head()
    if forge == "changed":
        change(3, encounter=1)
    else:
        take_out(3)
    recorded(2)
    chain_anew(3)
    with pytest.raises(BrokenChain, match=r"^Record 6 is not the one .* a record from 1 to 6 was changed"):
        verify()


def test_where_the_published_head_was_forged_too_that_of_a_log_finds_it() -> None:
    records = recorded(6)
    publish_head()
    change(3, encounter=1)
    chain_anew(3)
    with write_transaction() as session:
        head = session.execute(select(PredictionRow.hash).where(PredictionRow.seq == 6)).scalar_one()
        session.execute(update(HeadRow).values(hash=head))
    assert verify().heads == 1
    with pytest.raises(BrokenChain, match=r"^Record 6 is not the one"):
        verify(Published({6: records[-1].hash}))


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_forgery_before_the_last_published_head_is_found(app: Flask, data: st.DataObject) -> None:
    with write_transaction() as session:
        for table in (PredictionRow, HeadRow):
            session.execute(delete(table))
    recorded(8)
    head = publish_head()
    assert app
    assert head
    seq = data.draw(st.integers(2, 8))
    match data.draw(st.sampled_from(["change", "take out", "put in"])):
        case "change":
            change(seq, encounter=data.draw(st.integers(6000, 7000)))
        case "take out":
            take_out(seq)
        case "put in":
            recorded(2)
            chain_anew(2)
            change(seq, request_id="forged")
    if data.draw(st.booleans()):
        chain_anew(seq)
    with pytest.raises(BrokenChain):
        verify()


@BOTH_DATABASES
def test_after_a_purge_the_chain_is_verified_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)
    records = recorded(8)
    publish_head()
    assert retention.purge(Purge(5, 5, utc_moment(records[4].at)), "eva") == 5
    found = verify()
    assert (found.start, found.count, found.heads) == (Link(5, records[4].hash), 3, 1)
    ((count, _, by),) = retention.purges()
    assert (count, by) == (5, "eva")
    assert append([PREDICTION], perf_counter())[0].previous == records[-1].hash
    take_out(6)
    with pytest.raises(BrokenChain, match=r"^Record 6 was taken out"):
        verify()


def test_after_a_purge_of_everything_the_chain_goes_on() -> None:
    records = recorded(4)
    assert retention.purge(Purge(4, 4, utc_moment(records[-1].at)), "eva") == 4
    assert verify().count == 0
    (next_one,) = append([PREDICTION], perf_counter())
    assert (next_one.seq, next_one.previous) == (5, records[-1].hash)
    assert retention.purge(Purge(5, 1, utc_moment(next_one.at)), "ana") == 1
    assert [by for _, _, by in retention.purges()] == ["eva", "ana"]


def test_a_record_that_is_put_back_before_a_purge_is_found() -> None:
    records = recorded(4)
    retention.purge(Purge(2, 2, utc_moment(records[1].at)), "eva")
    with write_transaction() as session:
        session.execute(insert(PredictionRow).values(records[1]._asdict()))
    with pytest.raises(BrokenChain, match=r"^Record 2 .* was put in"):
        verify()
