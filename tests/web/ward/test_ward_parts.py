"""What a page weighs, and what an unchanged poll reads."""

from __future__ import annotations

from datetime import UTC

import pytest
from flask import render_template
from ward_beds import MakeWard, feed_beds, make_ward, signed_in
from wards import NOW, SCORES, scored

from fcv_api.domain.stays import MINUTE, SLOT
from fcv_api.domain.ward import Condition, Place, Standing, strip_of, tile_of
from fcv_api.domain.ward_line import SLOTS, Point, six_hours
from fcv_api.domain.ward_score import Level
from fcv_api.web.ward import pages
from fcv_api.web.ward.picture import Group, Picture, Shown
from fcv_api.web.ward.shown import Speaker

__all__ = ["make_ward"]


def worst(number: int) -> Shown:
    """Return a bed with many warnings or without a score, and a line that hardly stands still."""
    warned = scored("critical_value", "level", "trend", "filled", "several_signs")
    refused = Standing(Condition.NOT_SCORED, NOW - 3 * SLOT, "missing-signs")
    place = Place(f"e{2**62 + number}", f"UCI 4 NORTE {number:02d}", 2**62 + number, f"r{number}")
    levels = [Level.CRITICAL, Level.CRITICAL, Level.DATA, Level.WARNING, Level.QUIET]
    points = [
        Point(NOW - slot * SLOT, levels[slot % len(levels)], scored=True, risk=slot % 7 / 7) for slot in range(SLOTS)
    ]
    return Shown(tile_of(place, refused if number % 5 == 0 else warned, SCORES, NOW), six_hours(points, NOW))


def test_sixty_loud_beds_are_within_120_kb(make_ward: MakeWard) -> None:
    beds = tuple(map(worst, range(60)))
    picture = Picture((Group(None, beds),), tuple(strip_of([each.tile for each in beds])), (), 0, {}, {})
    with make_ward().test_request_context("/ward"):
        html = render_template("ward/part.html", picture=picture, speaker=Speaker("es", UTC, NOW))
    assert html.count('class="tile piece') == 60
    assert len(html.encode()) < 117_000  # and the frame around it


def test_an_unchanged_poll_reads_no_bed(make_ward: MakeWard, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_ward()
    feed_beds({1: "UCI^1"})
    browser = signed_in(app)
    monkeypatch.setattr(pages, "MINUTE", 60 * MINUTE)  # so that none ends meanwhile
    tag = browser.get("/ward/beds").headers["ETag"]

    def read(_now: int) -> None:
        raise AssertionError

    monkeypatch.setattr(pages, "now_known", read)
    assert browser.get("/ward/beds", **{"If-None-Match": tag}).status_code == 304
