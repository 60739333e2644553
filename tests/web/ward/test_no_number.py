"""No page shows a number where none may stand: whatever the state, made up by hypothesis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC

import pytest
from flask import Flask, render_template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wards import NOW, OUTCOMES, SHOWN, STANDINGS, may_have_a_number

from fcv_api.domain.prediction import State
from fcv_api.domain.ward import Place, Standing, strip_of, tile_of
from fcv_api.domain.ward_line import point_of, six_hours
from fcv_api.domain.ward_score import Line, Outcome, Shows, shown_score, shown_warnings
from fcv_api.web.ward.bed_charts import risk_figures
from fcv_api.web.ward.picture import Group, Picture, Shown
from fcv_api.web.ward.shown import Speaker

LABELS = st.sampled_from(["UCI 1", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "&amp;"])
WELL = re.compile(r"\b(sano|normal|stable|estable|healthy)\b|[✓✔☑]", re.IGNORECASE)
SHARE = re.compile(r"\b\d{1,3}\s?%|\b0?[.,]\d\d")
SPEAKERS = [Speaker("en", UTC, NOW), Speaker("es", UTC, NOW)]
FEW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def page(standing: Standing, shows: Shows, label: str, speaker: Speaker) -> str:
    tile = tile_of(Place("e1", label, 1, "r"), standing, shows, NOW)
    points = [point_of(standing.outcome, shows)] if standing.outcome else []
    groups = (Group(None, (Shown(tile, six_hours(points, NOW)),)),)
    picture = Picture(groups, tuple(strip_of([tile])), (), 0, {}, {})
    return render_template("ward/part.html", picture=picture, speaker=speaker)


@pytest.fixture(autouse=True)
def _within_a_request(app: Flask) -> Iterator[None]:
    with app.test_request_context("/ward"):
        yield


@FEW
@given(STANDINGS, SHOWN, LABELS, st.sampled_from(SPEAKERS))
def test_no_tile_shows_a_number_where_none_may_stand(
    standing: Standing, shows: Shows, label: str, speaker: Speaker
) -> None:
    html = page(standing, shows, label, speaker)
    assert ('class="number"' in html) == may_have_a_number(standing, shows)
    assert bool(SHARE.search(html)) == may_have_a_number(standing, shows)
    assert not WELL.search(html)
    assert "<script" not in html
    assert "<img" not in html


@FEW
@given(st.lists(OUTCOMES, max_size=6), SHOWN, st.sampled_from(SPEAKERS))
def test_no_row_of_a_risk_has_a_number_where_none_may_stand(
    outcomes: list[Outcome], shows: Shows, speaker: Speaker
) -> None:
    allowed = [each for each in outcomes if shown_score(each, shows).line is Line.RISK]
    figures = risk_figures(outcomes, shows, speaker)
    numbers = [value for figure in figures for _time, value in figure.rows if value.endswith("%")]
    assert len(numbers) <= 3 * len(allowed)
    assert State.NONE_OF_THESE.value not in {figure.key for figure in figures}
    assert (shows.scores and shows.attested) or not figures


@FEW
@given(OUTCOMES, SHOWN, st.sampled_from(SPEAKERS))
def test_no_record_in_a_list_has_a_number_where_none_may_stand(
    outcome: Outcome, shows: Shows, speaker: Speaker
) -> None:
    score = shown_score(outcome, shows)
    said = " ".join(f"{each.headline} {each.sentence}" for each in speaker.warnings(shown_warnings(outcome, score)))
    assert not SHARE.search(said + speaker.score(score))
    assert speaker.is_risk(score) == (score.percent is not None)
