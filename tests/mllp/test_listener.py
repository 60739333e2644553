"""The listener: what is stored, what is answered, and who may send."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import BOTH_DATABASES
from gateways import HERE, KEY, Gateway, connected, listened, live, site_of, source, stamp
from hl7_messages import TEMPERATURE, message, obx, patient
from memory import rows
from sqlalchemy.exc import OperationalError

from fcv_api.cli import main
from fcv_api.extensions.cursors import run
from fcv_api.feed import pseudonym, store
from fcv_api.mllp import storage
from fcv_api.mllp.site import Site
from fcv_api.settings import Settings

pytestmark = pytest.mark.usefixtures("empty_database")
FUNDAMENTAL = "SELECT value, status, unit, channel FROM observations ORDER BY at, channel"


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    """Connect a gateway to a listener that knows it."""
    with listened(settings, site_of()) as address, connected(address) as own:
        yield own


@BOTH_DATABASES
def test_a_message_is_stored_once_however_often_it_is_sent(gateway: Gateway) -> None:
    own = live("81", control="A1")
    assert gateway.exchange(own, own) == ["AA A1", "AA A1"]
    assert gateway.exchange(own) == ["AA A1"]
    assert rows(FUNDAMENTAL) == [(81.0, "F", "MDC_DIM_BEAT_PER_MIN", "1.1")]
    encounter = pseudonym.encounter_of(pseudonym.Identifier("icu", "VN", "", "900"), KEY)
    assert rows("SELECT id, source, bed FROM stays") == [(encounter, "icu", "UCI^^07")]


@BOTH_DATABASES
def test_many_messages_of_one_packet_are_answered_in_their_order(gateway: Gateway) -> None:
    many = [live(str(60 + number), number + 1, control=f"N{number}") for number in range(40)]
    assert gateway.exchange(*many) == [f"AA N{number}" for number in range(40)]
    assert len(rows(FUNDAMENTAL)) == 40


def test_a_correction_and_a_deletion_hold_whatever_was_sent(gateway: Gateway) -> None:
    at = stamp(3)
    first, corrected = live("190", f14=at), live("90", f14=at, f11="C")
    deleted = live("", f14=at, f11="D", time=stamp(-0.5))
    assert gateway.exchange(corrected, first) == ["AA M1"] * 2
    assert rows(FUNDAMENTAL) == [(90.0, "C", "MDC_DIM_BEAT_PER_MIN", "1.1")]
    gateway.exchange(deleted, first)
    assert rows(FUNDAMENTAL) == [(None, "D", "", "1.1")]
    assert rows("SELECT corrected_at IS NOT NULL FROM stays")[0][0]


def test_each_msh_of_a_frame_and_of_a_batch_is_answered_and_an_envelope_is_not(gateway: Gateway) -> None:
    gateway.send(
        b"BHS|^~\\&|GW\r", b"FHS|^~\\&\r" + live(control="1") + live(control="2") + b"BTS|2\r", live(control="3")
    )
    assert gateway.acks(3) == ["AA 1", "AA 2", "AA 3"]


def test_what_is_not_for_us_is_accepted_or_rejected_as_the_contract_says(gateway: Gateway) -> None:
    found = gateway.exchange(
        live(kind="ORU^R40", control="1"),
        live(kind="ADT^A08", control="2"),
        live(kind="QRY^A19", control="3"),
        live(control=""),
        live(processing="", control="5"),
        b"PID|||900",
        b"",
    )
    assert found == ["AA 1", "AA 2", "AR 3", "AR", "AR 5", "AR", "AR"]
    assert rows("SELECT id FROM stays") == []


def test_a_bed_that_names_nobody_is_listed_without_values(gateway: Gateway) -> None:
    gateway.exchange(live(patient="PID|||\nPV1||I|HDU^507^3"))
    assert rows("SELECT source, bed FROM unnamed_beds") == [("icu", "HDU^507^3")]
    assert rows(FUNDAMENTAL) == []


def test_a_discharge_closes_the_stay_that_it_names_as_of_when_it_was_sent(gateway: Gateway) -> None:
    gateway.exchange(live(encounter="1"), live(encounter="2", bed="B2"))
    discharge = message(kind="ADT^A03", time=stamp(), patient="\n".join(patient("1")))
    older = message(kind="ADT^A03", time=stamp(60), patient="\n".join(patient("1")))
    for kind in ("ADT^A01", "ADT^A11", "ADT^A02"):
        gateway.exchange(discharge.replace(b"ADT^A03", kind.encode()))
    assert rows("SELECT COUNT(*) FROM stays WHERE closed_at IS NOT NULL") == [(0,)]
    gateway.exchange(discharge)
    ((closed,),) = rows("SELECT closed_at FROM stays WHERE closed_at IS NOT NULL")
    gateway.exchange(older)
    assert rows("SELECT closed_at FROM stays WHERE closed_at IS NOT NULL") == [(closed,)]


def test_the_time_of_sending_is_that_of_arrival_where_msh_7_cannot_be_it(gateway: Gateway) -> None:
    before = time.time_ns() // 1000
    for number, msh7 in enumerate(("", "yesterday", stamp(-10))):
        gateway.exchange(live(minutes=number + 1, time=msh7))
    assert all(before <= sent <= time.time_ns() // 1000 for (sent,) in rows("SELECT sent_at FROM observations"))
    gateway.exchange(live(minutes=9, time=stamp(5)))
    assert sum(sent < before for (sent,) in rows("SELECT sent_at FROM observations")) == 1


@pytest.mark.parametrize("text", ['[source.other]\npeers = ["10.9.9.9"]', "[source.nobody]"])
def test_who_is_not_listed_is_rejected_whatever_msh_3_says(settings: Settings, text: str) -> None:
    with listened(settings, site_of(text)) as address, connected(address) as own:
        assert own.exchange(live(control="X")) == ["AR X"]
    assert rows(FUNDAMENTAL) == []


def test_a_test_source_is_taken_only_while_these_are_allowed(settings: Settings) -> None:
    site = site_of(HERE + "test = true")
    for allowed, acks in ((False, ["AR 1", "AR 2"]), (True, ["AA 1", "AA 2"])):
        with listened(settings, replace(site, allow_test=allowed)) as address, connected(address) as own:
            assert own.exchange(live(control="1", processing="T"), live(control="2")) == acks
    assert rows("SELECT DISTINCT source FROM stays") == [("test:icu",)]


def test_pseudonyms_pass_where_the_source_says_so_and_all_else_is_hashed(settings: Settings) -> None:
    site = site_of(HERE + 'identifiers = "pseudonym"')
    named = [live(encounter="5501"), live(encounter="V-1"), live(encounter="007"), live(patient="PID|||44^^^H^MR")]
    with listened(settings, site) as address, connected(address) as own:
        own.exchange(*named)
    found = sorted(number for (number,) in rows("SELECT id FROM stays"))
    assert found[0] == 5501
    assert len(found) == 4
    assert found[1] > 100_000


def test_what_a_monitor_repeats_without_a_time_is_stored_when_it_changes(settings: Settings) -> None:
    site = site_of(HERE + 'repeats = ["MDC_TEMP"]')

    def charted(value: str, minutes: float, own_time: str = "") -> bytes:
        found = message(obx(TEMPERATURE, value, f14=own_time), obx(f14=""), time=stamp())
        return found.replace(b"OBR|1||||||20260301101500-0500", f"OBR|1||||||{stamp(minutes)}".encode())

    with listened(settings, site) as address, connected(address) as own:
        own.exchange(charted("36.6", 5), charted("36.6", 4), charted("36.9", 3), charted("36.9", 2, stamp(2)))
    assert [value for (value,) in rows("SELECT value FROM observations WHERE sign = 150344 ORDER BY at")] == [
        36.6, 36.9, 36.9,
    ]  # fmt: skip
    assert rows("SELECT COUNT(*) FROM observations WHERE sign = 147842") == [(4,)]


def test_accept_codes_are_sent_where_the_source_asks_for_them(settings: Settings) -> None:
    with listened(settings, site_of(HERE + 'ack = "accept"')) as address, connected(address) as own:
        assert own.exchange(live(control="1"), live(control="2", kind="QRY^A19")) == ["CA 1", "CR 2"]


@BOTH_DATABASES
def test_while_the_database_is_away_nothing_is_accepted_and_nothing_lost(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("away", None, OSError())

    monkeypatch.setattr(store, "store_all", away)
    assert gateway.exchange(live(control="1"), live(control="2", kind="ADT^A01"), live(control="3", kind="")) == [
        "AE 1", "AA 2", "AR 3",
    ]  # fmt: skip
    monkeypatch.undo()
    assert gateway.exchange(live(control="1")) == ["AA 1"]
    assert len(rows(FUNDAMENTAL)) == 1


@BOTH_DATABASES
def test_a_poison_message_is_accepted_and_counted_and_the_others_of_its_transaction_are_stored(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written = store.rows.write  # type: ignore[attr-defined]

    def poisoned(cursor: Any, cells: Any) -> None:
        if any(row[8] == 66.0 for row in cells):
            run(cursor, "INSERT INTO observations (encounter) VALUES (NULL)")
        written(cursor, cells)

    monkeypatch.setattr(store.rows, "write", poisoned)  # type: ignore[attr-defined]
    with caplog.at_level(logging.ERROR, "fcv_api"):
        acks = gateway.exchange(*(live(value, control=value, encounter=value) for value in ("65", "66", "67")))
    assert acks == ["AA 65", "AA 66", "AA 67"]
    assert [value for (value,) in rows("SELECT value FROM observations ORDER BY value")] == [65.0, 67.0]
    assert "sha256" in caplog.text


def test_a_bug_of_ours_in_one_message_stops_no_other(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(storage, "answered", broken)
    gateway.send(live(control="1"))
    time.sleep(0.5)
    monkeypatch.undo()
    assert gateway.exchange(live(control="2")) == ["AA 2"]


def test_every_reason_is_counted_by_source_and_shown(settings: Settings) -> None:
    with listened(settings, site_of()) as address, connected(address) as own:
        own.exchange(live())
        own.exchange(live("-1"), live(f8="CAL"), live(time=""), live(kind="QRY^A19"), live(patient="PID|"), live("351"))
    ((counters, offset),) = rows("SELECT counters, clock_offset FROM feed_sources WHERE name = 'icu'")
    counted = json.loads(counters)
    wanted = {
        "outside-limits": 1,
        "messages": 7,
        "AA": 6,
        "AR": 1,
        "sentinel": 1,
        "not-measured": 1,
        "time-of-arrival": 1,
        "other-type": 1,
    }
    assert wanted.items() <= counted.items()
    assert (counted["no-encounter"], counted["outside-limits"]) == (1, 1)
    assert abs(offset) < 60_000_000
    printed = CliRunner().invoke(main, ["feed", "status"], catch_exceptions=False).output
    assert "sentinel 1" in printed


def test_what_was_counted_is_written_when_nothing_comes_any_more(settings: Settings) -> None:
    with listened(settings, site_of('[source.other]\npeers = ["10.9.9.9"]')) as address, connected(address) as own:
        own.exchange(live(), live())
    ((name, counters),) = rows("SELECT name, counters FROM feed_sources")
    assert (name, json.loads(counters)) == ("hl7:unlisted", {"messages": 2, "AR": 2, "unlisted-source": 2})


def test_on_sqlite_a_commit_waits_for_the_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []
    held = store._store  # noqa: SLF001

    def seen(cursor: Any, deliveries: Any) -> Any:
        found.extend(run(cursor, "PRAGMA synchronous").fetchone())
        return held(cursor, deliveries)

    monkeypatch.setattr(store, "_store", seen)
    with listened(settings, site_of()) as address, connected(address) as own:
        own.exchange(live())
    assert set(found) == {2}
    assert rows("PRAGMA synchronous") == [(1,)]


def test_an_address_is_found_in_its_network_also_as_ipv6_writes_it() -> None:
    site = Site(site_of('[source.a]\npeers = ["10.1.0.0/16"]\ncertificates = ["GW.lan"]').sources, KEY, 12, 1)
    assert site.source_of("10.1.2.3") is source(site)
    assert site.source_of("::ffff:10.1.2.3") is source(site)
    assert site.source_of("10.2.0.1") is None
    assert site.source_of("fe80::1%eth0") is None
    assert site.source_of("10.2.0.1", ["gw.LAN"]) is source(site)
    assert KEY not in repr(site)
    assert source(site).zone is UTC
