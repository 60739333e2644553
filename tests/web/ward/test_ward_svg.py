"""Pictures as paths."""

from __future__ import annotations

from fcv_api.domain.ward_line import SixHours
from fcv_api.domain.ward_score import Level
from fcv_api.web.ward.svg import Axis, chart, line_paths


def test_each_run_of_scored_slots_is_a_stroke_of_its_own() -> None:
    assert line_paths(SixHours(((0, 2), (5, 5)), ())).scored == "M0 23h3M5 23h1"


def test_a_warning_is_a_bar_as_high_as_it_is_grave() -> None:
    paths = line_paths(SixHours((), ((3, Level.WARNING), (4, Level.WARNING), (9, Level.CRITICAL))))
    assert (paths.warning, paths.critical, paths.data) == ("M3 24v-14h2v14", "M9 24v-22h1v22", "")


def test_a_risk_is_drawn_by_steps_and_never_across_a_gap() -> None:
    paths = line_paths(SixHours((), (), (((1, 0.0), (2, 1.0)), ((5, 0.5),))))
    assert paths.risks == "M1 22h1v-20h1M5 12h1"


def test_a_chart_begins_anew_after_a_gap() -> None:
    drawn = chart([(0, 0), (1, 50), (3, 100), (4, 100)], Axis(0, 100))
    assert drawn.line == "M5 200.0L15 100.0M35 0.0L45 0.0"


def test_a_value_that_stands_alone_is_a_dot() -> None:
    assert chart([(7, 50)], Axis(0, 100)).dots == "M73 100.0h4"


def test_values_and_limits_beyond_the_axis_stay_in_the_picture() -> None:
    drawn = chart([(0, 500)], Axis(0, 100), [(30, "30"), (170, "170")])
    assert drawn.dots == "M3 0.0h4"
    assert drawn.limits == ((140.0, "30"),)
