"""The store: what holds of each observation, whatever came in which order."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from json import loads
from math import inf
from random import Random
from typing import Any

import pytest
from conftest import BOTH_DATABASES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import HEIGHT, HOUR, MINUTE, NOW, SECOND, TABLES, held, observation, post, post_all, rows
from sqlalchemy import text

from fcv_api.domain.observations import Observation, Posted, rank
from fcv_api.extensions import write_transaction
from fcv_api.extensions.cursors import read_cursor
from fcv_api.feed import stays, store
from fcv_api.feed.sources import counted, flush
from fcv_api.feed.store import Arrival

pytestmark = pytest.mark.usefixtures("empty_database")


@BOTH_DATABASES
def test_each_statement_is_counted_as_what_it_did() -> None:
    one, other = observation(80.0), observation(81.0, minutes=1)
    assert post(one, other) == {"new": 2}
    assert post(one, other, now=NOW + SECOND) == {"same": 2}
    assert post(observation(82.0), other, now=NOW + 2 * SECOND) == {"same": 1, "replaced": 1}
    assert post(observation(None, status="D"), now=NOW + 3 * SECOND) == {"deleted": 1}
    assert held() == [(81.0, "F", "", 1.0), (None, "D", "", 0.0)]


@BOTH_DATABASES
def test_a_deletion_outlives_what_is_sent_again_later() -> None:
    assert post(observation(None, status="W")) == {"deleted": 1}
    assert post(observation(80.0), now=NOW + MINUTE) == {"same": 1}
    assert post(observation(85.0, status="C"), now=NOW + MINUTE) == {"replaced": 1}
    assert held() == [(85.0, "C", "", 0.0)]


@BOTH_DATABASES
def test_a_repeated_statement_adds_no_row_and_raises_the_time_it_was_sent() -> None:
    for second in (5, 9, 3):
        post(observation(), now=NOW + second * SECOND)
    assert rows("SELECT sent_at FROM observations") == [(NOW + 9 * SECOND,)]


@BOTH_DATABASES
def test_channels_names_and_signs_are_rows_of_their_own() -> None:
    beat = observation(70.0, name="MDC_ECG_CARD_BEAT_RATE")
    assert post(observation(), observation(channel="1"), beat, observation(180.0, sign=HEIGHT)) == {"new": 4}


@BOTH_DATABASES
def test_what_is_too_old_or_ahead_is_counted_and_not_stored_but_height_is() -> None:
    late, ahead = observation(minutes=12 * 60 + 1), observation(minutes=-2.1)
    edge, near = observation(minutes=12 * 60), observation(minutes=-2)
    height = observation(180.0, minutes=90 * 24 * 60, sign=HEIGHT)
    assert post(late, ahead, edge, near, height) == {"new": 3, "too_old": 1, "future": 1}


def test_nothing_but_what_is_not_stored_opens_no_stay() -> None:
    assert post(observation(minutes=-3)) == {"future": 1}
    assert rows("SELECT id FROM stays") == []


@BOTH_DATABASES
def test_a_stay_is_its_source_s() -> None:
    assert post(observation()) == {"new": 1}
    assert post(observation(90.0), source="api:bea") == {"other_source": 1}
    assert rows("SELECT source, value FROM observations") == [("api:ana", 80.0)]


@BOTH_DATABASES
def test_values_that_no_limit_holds_are_kept() -> None:
    assert post(observation(inf, flag="implausible_value"), observation(-inf, minutes=1)) == {"new": 2}
    assert [row[0] for row in held()] == [-inf, inf]


@BOTH_DATABASES
def test_many_encounters_in_one_request_are_answered_in_their_order() -> None:
    posted = [Posted(number, [observation(float(number), minutes=step) for step in range(60)]) for number in (9, 4, 7)]
    assert [(each.encounter, each.counts["new"]) for each in post_all(posted)] == [(9, 60), (4, 60), (7, 60)]
    assert len(held()) == 180


@BOTH_DATABASES
def test_after_a_jump_of_the_clock_nothing_is_too_old() -> None:
    old = observation(minutes=60)
    assert post(observation()) == {"new": 1}
    assert post(old, now=NOW + 13 * HOUR) == {"new": 1}
    assert post(old, now=NOW + 13 * HOUR + 10 * MINUTE) == {"same": 1}
    assert rows("SELECT doubted FROM feed_arrivals")[0][0] in (True, 1)


@BOTH_DATABASES
def test_the_bed_of_the_newest_observation_is_the_stay_s() -> None:
    post(observation(bed="B2"), observation(minutes=7, bed="B1"), observation(minutes=-1))
    assert rows("SELECT bed, bed_at, opened_at, seen_at FROM stays") == [
        ("B2", NOW, NOW - 7 * MINUTE, NOW + MINUTE),
    ]
    assert rows("SELECT bed, slot FROM placements ORDER BY bed") == [("B1", NOW - 5 * MINUTE), ("B2", NOW)]


@BOTH_DATABASES
def test_a_host_counts_what_it_heard_of_a_source() -> None:
    post(observation(), observation(minutes=-5))
    counted()._written.clear()  # noqa: SLF001 - five seconds later
    post(observation(minutes=1), now=NOW + SECOND)
    ((name, at, counters),) = rows("SELECT name, last_message_at, counters FROM feed_sources")
    assert (name, at) == ("api:ana", NOW + SECOND)
    assert {key: count for key, count in loads(counters).items() if count} == {"new": 1, "future": 1}


@BOTH_DATABASES
def test_what_was_counted_is_written_when_the_source_falls_silent() -> None:
    post(observation())
    flush()  # not yet: its row was written with the post
    post(observation(minutes=-1), now=NOW + SECOND)
    assert rows("SELECT counters FROM feed_sources") == [("{}",)]
    flush(at_once=True)
    ((at, counters),) = rows("SELECT last_message_at, counters FROM feed_sources")
    assert {key: count for key, count in loads(counters).items() if count} == {"new": 2}
    assert at > NOW + SECOND  # when it was heard, by this host's clock
    flush(at_once=True)
    assert rows("SELECT last_message_at, counters FROM feed_sources") == [(at, counters)]


def test_the_same_time_in_two_beds_is_the_same_whichever_came_first() -> None:
    for first, second, encounter in (("B1", "B2", 1), ("B2", "B1", 2)):
        post(observation(bed=first), encounter=encounter)
        post(observation(bed=second), encounter=encounter)
    assert rows("SELECT bed FROM stays") == [("B2",), ("B2",)]


# In any order -----------------------------------------------------------------------------------------------------

STATEMENTS = st.builds(
    observation,
    st.sampled_from([60.0, 61.0, None]),
    st.integers(0, 9),
    status=st.sampled_from(["F", "F", "C", "D"]),
    channel=st.sampled_from(["", "1"]),
    sign=st.sampled_from([147842, HEIGHT]),
    bed=st.sampled_from(["", "B1", "B2"]),
)
Sent = tuple[int, int, Observation]
"""When it was sent, in seconds after now; of which encounter."""


def _clear() -> None:
    with write_transaction() as session:
        for table in TABLES:
            session.execute(text(f"DELETE FROM {table}"))


def _content() -> dict[str, Any]:
    kept = rows("SELECT encounter, sign, at, channel, status, sent_at, value FROM observations ORDER BY 1, 2, 3, 4")
    found = [rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") for table in ("stays", "placements")]
    return {"observations": kept, "stays": found[0], "placements": found[1]}


def _play(sent: list[Sent], cuts: set[int]) -> dict[str, Any]:
    """Send statements in requests. cuts: before which of them one begins; those sent at other times are others'."""
    _clear()
    bounds = sorted({0, len(sent), *cuts, *(at for at in range(1, len(sent)) if sent[at][0] != sent[at - 1][0])})
    for first, end in pairwise(bounds):
        part = sent[first:end]
        numbers = dict.fromkeys(number for _at, number, _said in part)
        posted = [Posted(number, [said for _at, own, said in part if own == number]) for number in numbers]
        store.store(posted, Arrival("api:ana", NOW + 100 * SECOND, NOW + part[0][0] * SECOND, 12))
    return _content()


def _expected(sent: list[Sent]) -> list[tuple[Any, ...]]:
    """Return the observations by the contract's words alone."""
    best: dict[Any, Any] = {}
    for seconds, encounter, said in sent:
        statement, place = said.sent(NOW + seconds * SECOND), (encounter, said.key)
        best[place] = max(best.get(place, statement), statement, key=rank)
    rows_ = [
        (encounter, key.sign, key.at, key.channel, said.status, said.sent_at, said.value)
        for (encounter, key), said in best.items()
    ]
    return sorted(rows_, key=lambda row: row[:4])


@given(st.lists(STATEMENTS, min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_what_holds_is_the_greatest_statement_whatever_order_they_come_in(
    said: list[Observation], chance: Random
) -> None:
    statements = [(each.key, each.sent(NOW + second * SECOND)) for second, each in enumerate(said)]
    wanted: dict[Any, Any] = {}
    for key, statement in statements:
        wanted[key] = max(wanted.get(key, statement), statement, key=rank)
    kept: dict[Any, Any] = {}
    for key, statement in chance.sample(statements, len(statements)) + chance.choices(statements, k=4):
        if store._compared(kept.get(key), statement)[1]:  # noqa: SLF001 - what the store decides by
            kept[key] = statement
    assert kept == wanted


@given(st.data())
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_repetition_or_splitting_changes_what_is_held(data: st.DataObject) -> None:
    said = data.draw(st.lists(st.tuples(st.integers(1, 2), STATEMENTS), min_size=1, max_size=10))
    sent = [(second, encounter, each) for second, (encounter, each) in enumerate(said)]  # each at a time of its own
    repeated = sent + data.draw(st.lists(st.sampled_from(sent), max_size=5))
    shuffled = data.draw(st.permutations(repeated))
    assert _play(sent, set())["observations"] == _expected(sent)
    in_order = _content()
    assert _play(list(shuffled), data.draw(st.sets(st.integers(0, len(shuffled))))) == in_order


def test_closing_a_stay_that_is_not_there_says_so() -> None:
    assert not stays.close(5, NOW)
    post(observation(), encounter=5)
    assert stays.close(5, NOW)
    assert asdict(_stay(5))["ended_at"] == NOW


def _stay(number: int) -> Any:
    with read_cursor() as cursor:
        return next(each for each in stays.seen_since(cursor, 0) if each.id == number)
