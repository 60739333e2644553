"""What the loads of the feed count, and how they are told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import orjson
import pytest

from bench.feed import gateway, monitors, report
from bench.feed.host import Spent
from bench.feed.load import Outcome, Plan, Turn
from bench.feed.posts import Sent
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.settings import ROOT
from fcv_api.wire.hl7.reading import read
from fcv_api.wire.hl7.segments import header_of, messages_of
from fcv_api.wire.hl7.source import Source
from fcv_api.wire.observations import ObservationsSchema

PLAN = Plan(2, 1, postgresql=False, within=5)
SOURCE = Source("icu", UTC)


def outcome(*turns: Turn, kept: int = 26, status: int = 200) -> Outcome:
    """Return what came of two beds that posted once each."""
    sent = [Sent(0, 1000.0, 0.0, 0.01, 200, 13), Sent(1, 1030.0, 0.0, 0.02, status, 13)]
    return Outcome(sent, list(turns), {(0, 900), (1, 900)}, kept, Spent(1, 1, 0), 60.0, [100.0] * 8, [0.01], 0)


def test_a_turn_that_is_not_there_one_that_is_twice_and_a_row_that_is_not_kept_are_counted() -> None:
    one = Turn(0, 900, 1.0, first=False, refused=False)
    found = outcome(one, one, kept=25, status=503)
    assert (found.missing, found.twice, found.lost) == (1, 1, 2)
    assert outcome(one, one._replace(bed=1)).lost == 0


@pytest.mark.parametrize(("late", "verdict"), [(4.0, "met"), (6.0, "missed")])
def test_a_turn_that_is_late_is_told(late: float, verdict: str) -> None:
    first = Turn(0, 600, 50.0, first=True, refused=False)
    told = report.figures(PLAN, outcome(first, Turn(0, 900, late, first=False, refused=False)))
    assert f"last {late:.1f} s ({verdict}: 5 s)" in told["turns recorded after they were due"]


def test_figures_are_kept_and_stand_in_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "KEPT", tmp_path / "loads.json")
    monkeypatch.setattr(report, "DOCUMENT", tmp_path / "scale.md")
    report.DOCUMENT.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", "utf-8")
    report.write("ward", {"turns": "40"})
    report.write("city", {"turns": "10,000"})
    assert list(json.loads(report.KEPT.read_text("utf-8"))) == ["ward", "city"]
    text = report.DOCUMENT.read_text("utf-8")
    assert "old" not in text
    assert text.startswith("before\n<!--")
    assert text.endswith("-->\nafter\n")
    assert "| turns | 40 |" in text


def test_the_document_has_the_place_for_them() -> None:
    text = (ROOT / "docs" / "scale.md").read_text("utf-8")
    kept = json.loads(report.KEPT.read_text("utf-8")) if report.KEPT.is_file() else {}
    assert report.section(kept) in text


def test_a_post_has_thirteen_rows_of_its_own_bed_and_minute() -> None:
    first, other = (orjson.loads(monitors.body(bed, 28_000_000)) for bed in (0, 9_999))
    assert {len(column) for column in first.values()} == {monitors.ROWS} == {13}
    assert [set(each["idAtencion"].values()) for each in (first, other)] == [{90_000_001}, {90_010_000}]
    assert set(first["fecRegistro"].values()) == {"2023-03-28T10:40:00Z", "2023-03-28T10:39:30Z"}
    assert len(orjson.loads(monitors.bodies_together(0, range(5)))["valor"]) == 5 * monitors.ROWS


@pytest.mark.parametrize("obx", [13, 129])
def test_a_message_has_the_same_rows_as_a_post_and_is_filled_up(obx: int) -> None:
    own = gateway.Messages(obx).of(9_999, 28_000_000)
    assert own.count(b"\rOBX|") == obx
    (message,) = messages_of(own)
    assert header_of(message).control == b"90010000-1680000000000000"
    reading = read(message, SOURCE, allow_test=False)
    (group,) = reading.groups
    assert group.identifier is not None
    assert group.identifier.number == 90_010_000
    assert len(group.rows) == monitors.ROWS
    posted = ObservationsSchema().load(orjson.loads(monitors.body(9_999, 28_000_000))).observations(UTC).posted
    sent = [(row.observation.key[:2], row.observation.value) for row in group.rows]
    assert sent == [(each.key[:2], each.value) for each in posted[0].observations]


def test_the_past_of_a_gateway_s_bed_is_what_it_would_have_sent() -> None:
    past = list(gateway.history(28_000_000, 5))
    assert len(past) == 5 * monitors.ROWS
    assert len(set(past)) == len(past)
    assert {row[3] for row in past} == set(SIGN_NAMES)


def test_what_came_of_a_gateway_s_load_is_told_by_its_own_words() -> None:
    told = report.figures(replace(PLAN, obx=13), outcome(Turn(0, 900, 1.0, first=False, refused=False)))
    assert told["load"] == "2 beds, 1 minutes, SQLite, a message of 13 OBX each minute on 2 connections"
    assert told["lost rows, or messages that were not accepted"] == "0"
    assert told["messages, until they were acknowledged"].endswith("longest 20.0 ms")
