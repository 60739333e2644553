"""Test sources: their beds, stays and records are never mixed with real ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import BOTH_DATABASES
from fed import FEED, fill
from gateways import HERE, KEY, live, site_of, source
from memory import HOUR, NOW, rows

from fcv_api.domain.arrivals import Clock
from fcv_api.extensions.cursors import run, write_cursor
from fcv_api.feed import arrivals, store
from fcv_api.feed.beds import Bed, now_known
from fcv_api.feed.pseudonym import encounter_sent
from fcv_api.feed.turns import database_now, run_slot
from fcv_api.mllp.delivery import delivery_of
from fcv_api.wire.hl7.patients import Identifier
from fcv_api.wire.hl7.reading import read
from fcv_api.wire.hl7.segments import messages_of

pytestmark = pytest.mark.usefixtures("empty_database")
VISIT = Identifier("VN", "", "5501", is_visit=True)
FEED_OF_BOTH = replace(FEED, test_user_id=8)
PSEUDONYMS = HERE + 'identifiers = "pseudonym"\n'


def brought(text: str, *messages: bytes) -> list[Bed]:
    """Store messages of the source that a file of sources describes, and return the beds that are known then."""
    site = replace(site_of(text), allow_test=True)
    for content in messages:
        reading = read(messages_of(content)[0], source(site), allow_test=True)
        store.store_all([delivery_of(reading, source(site), site, database_now())])
    return now_known(database_now())


@BOTH_DATABASES
def test_the_same_visit_in_the_same_bed_is_another_stay_of_another_bed_and_listed_last() -> None:
    brought(HERE + "test = true", live("71"))
    beds = brought(HERE, live("72"))
    assert [(each.source, each.bed, each.status, each.reason) for each in beds] == [
        ("icu", "UCI^^07", "not_scored", "not-scored-yet"),
        ("test:icu", "UCI^^07", "not_scored", "not-scored-yet"),
    ]
    assert beds[0].encounter != beds[1].encounter
    assert rows("SELECT source, value FROM observations ORDER BY source") == [("icu", 72.0), ("test:icu", 71.0)]


def test_no_number_of_a_test_source_is_a_real_stay_s_not_even_a_pseudonym() -> None:
    real, test = (source(site_of(PSEUDONYMS + more)) for more in ("", "test = true"))
    assert encounter_sent(VISIT, real, KEY) == 5501
    assert encounter_sent(VISIT, test, KEY) != 5501
    hashed = source(site_of(HERE)), source(site_of(HERE + "test = true"))
    assert len({encounter_sent(VISIT, each, KEY) for each in (*hashed, test)}) == 2


def test_a_source_that_went_live_is_not_held_up_by_what_it_sent_as_a_test() -> None:
    brought(PSEUDONYMS + "test = true", live("71", encounter="5501"))
    beds = brought(PSEUDONYMS, live("72", encounter="5501"))
    assert [each.encounter == 5501 for each in beds] == [True, False]


def test_its_clock_makes_nobody_doubt_this_host_s() -> None:
    before, now = NOW - 2 * HOUR, NOW
    known = Clock(before)  # nothing came for two hours
    assert arrivals.after(known, "icu", now, [before]) == Clock(now, doubted=True)
    assert arrivals.after(known, "test:icu", now, [before]) == known
    assert arrivals.after(known, "test:icu", now, [now]) == known.after(now, now)


@BOTH_DATABASES
def test_the_turns_of_its_beds_are_recorded_for_an_account_of_their_own() -> None:
    fill(1, 2)
    with write_cursor() as cursor:
        for table in ("stays", "observations", "placements"):
            run(cursor, f"UPDATE {table} SET source = 'test:icu' WHERE {'id' if table == 'stays' else 'encounter'} = 2")
    assert run_slot(FEED_OF_BOTH, NOW) == 2
    assert rows("SELECT encounter, user_id FROM predictions ORDER BY seq") == [(1, 7), (2, 8)]
