"""What a ward's page shows of a bed, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from wards import MODEL, NOW, OTHER, PLACE, SCORES, SHOWN, STANDINGS, may_have_a_number, outcome, scored

from fcv_api.domain.prediction import State
from fcv_api.domain.stays import MINUTE
from fcv_api.domain.ward import Condition, Place, Standing, standing_of, strip_of, tile_of
from fcv_api.domain.ward_score import Level, Line, Shows, percent_of, shown_score, shown_warnings

CONFLICT = Standing(Condition.NOT_SCORED, NOW, "identity-conflict")


@given(STANDINGS, SHOWN)
def test_a_number_stands_exactly_where_the_contract_lets_it(standing: Standing, shows: Shows) -> None:
    tile = tile_of(PLACE, standing, shows, NOW)
    assert (tile.score.percent is not None) == may_have_a_number(standing, shows)


def test_a_risk_by_an_attested_model_has_its_number() -> None:
    score = shown_score(outcome(), SCORES)
    assert (score.line, score.state, score.percent) == (Line.RISK, State.CARDIOGENIC_SHOCK, 73)


@pytest.mark.parametrize("shows", [Shows(), Shows(attested=MODEL)])
def test_where_warnings_alone_are_shown_nothing_is_said_of_a_score(shows: Shows) -> None:
    assert shown_score(outcome(), shows).line is Line.NO_WARNING
    assert shown_score(outcome("level"), shows).line is Line.WARNED


def test_a_score_of_another_model_than_the_attested_one_has_no_number() -> None:
    assert shown_score(outcome(), Shows(scores=True, attested=OTHER)).line is Line.UNVALIDATED
    assert shown_score(outcome(), Shows(scores=True)).line is Line.UNVALIDATED


def test_none_of_the_three_is_no_alert_and_beside_a_warning_not_even_that() -> None:
    assert shown_score(outcome(state=State.NONE_OF_THESE), SCORES).line is Line.NO_ALERT
    assert shown_score(outcome("level", state=State.NONE_OF_THESE), SCORES).line is Line.NONE_OF_THESE


def test_what_speaks_of_a_score_is_said_only_beside_its_number() -> None:
    undecided = outcome("undecided", "filled")
    assert [each.code for each in shown_warnings(undecided, shown_score(undecided, Shows()))] == ["filled"]
    assert len(shown_warnings(undecided, shown_score(undecided, SCORES))) == 2


def test_the_gravest_warning_comes_first() -> None:
    found = outcome("filled", "level", "asystole")
    assert [each.code for each in shown_warnings(found, shown_score(found, Shows()))] == ["asystole", "level", "filled"]


def test_no_probability_is_written_as_a_certainty() -> None:
    assert (percent_of(0.9999), percent_of(0.0001), percent_of(0.5)) == (99, 1, 50)


def test_a_last_score_leaves_after_fifteen_minutes() -> None:
    assert tile_of(PLACE, scored(minutes=15), SCORES, NOW).score.percent == 73
    tile = tile_of(PLACE, scored("critical_value", minutes=16), SCORES, NOW)
    assert (tile.level, tile.standing.reason, tile.warnings) == (Level.UNSCORED, "overdue", ())


def test_a_correction_hides_the_score_and_its_warnings() -> None:
    corrected = Standing(Condition.NOT_SCORED, NOW, "corrected", outcome("critical_value"))
    tile = tile_of(PLACE, corrected, SCORES, NOW)
    assert (tile.level, tile.score.line, tile.warnings) == (Level.UNSCORED, Line.NOTHING, ())


def test_the_strip_is_ordered_by_what_somebody_must_look_at_first() -> None:
    silent = Standing(Condition.SILENT, NOW)
    standings = [scored(), scored("filled"), scored("level"), silent, CONFLICT, scored("no_pulse")]
    quiet = scored(state=State.NONE_OF_THESE)
    tiles = [tile_of(Place(str(at), "", at), each, SCORES, NOW) for at, each in enumerate([quiet, *standings])]
    levels = [Level.CRITICAL, Level.CONFLICT, Level.UNSCORED, Level.WARNING, Level.DATA, Level.RISK]
    assert [each.level for each in strip_of(tiles)] == levels


def test_of_beds_as_loud_as_each_other_the_places_on_the_page_decide() -> None:
    tiles = [tile_of(Place(key, key, 1), scored("level"), SCORES, NOW) for key in "dab"]
    assert [each.place.key for each in strip_of(tiles)] == ["d", "a", "b"]


def test_an_encounter_by_predict_is_scored_as_long_as_its_window_is_of_now() -> None:
    assert standing_of(outcome(minutes=3), NOW, None).condition is Condition.SCORED
    assert standing_of(outcome(minutes=60), NOW, None).reason == "overdue"
    assert standing_of(outcome(minutes=-60), NOW, None).reason == "ahead"


def test_a_refused_encounter_is_not_scored_since_its_last_score() -> None:
    refusal = Standing(Condition.NOT_SCORED, NOW - 40 * MINUTE, "missing-signs")
    refused = outcome(minutes=5)
    refused = type(refused)("r", refused.at, "missing-signs")
    assert standing_of(refused, NOW, NOW - 40 * MINUTE) == refusal
