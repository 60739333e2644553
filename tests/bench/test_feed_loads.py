"""What the loads of the feed count, and how they are told."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from bench.feed import monitors, report
from bench.feed.host import Spent
from bench.feed.load import Outcome, Plan, Turn
from bench.feed.posts import Sent
from fcv_api.settings import ROOT

PLAN = Plan(2, 1, postgresql=False, within=5)


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
