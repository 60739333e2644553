"""A silent trial: both models on the same patients, and nothing said of what cannot be known."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_trial import (
    DAY,
    EACH,
    START,
    STATES,
    STEP,
    WELL,
    WINDOWS,
    outcome_of,
    probabilities,
    record,
    stays,
    trial_of,
    tried,
)

from fcv_api.domain.policy import Assessment, Policy
from fcv_api.domain.prediction import State
from fcv_api.training.report_members import ILL
from fcv_api.validation.paired import Patients, calibrations, medians, pair, ratio
from fcv_api.validation.trial_figures import ANY, trial_members
from fcv_api.validation.trial_windows import Trial, Tried

POLICY = Policy("ours", "1.0.0", 60.0, threshold=0.4)
ABOUT = {"kind": "policy", "policy": str(POLICY)}
OUTCOMES = {number: outcome_of(number) for number in range(1, 3 * EACH + WELL + 1)}
NOT_TOLD = {"verdict": "not told apart"}


@pytest.fixture(scope="module")
def trial() -> Trial:
    """Return a trial in which the candidate finds far more onsets."""
    return trial_of(list(stays((0.4, 0.95))), OUTCOMES, POLICY)


def test_a_candidate_that_finds_more_onsets_is_told_apart_by_paired_intervals(trial: Trial) -> None:
    report = trial_members(trial, ABOUT)
    (at,) = report["alarms"]
    for state in ILL:
        own = at["sensitivity"][state]
        assert own["onsets"] == report["events"][state] == EACH
        assert own["difference"]["value"] == pytest.approx((own["found"][1] - own["found"][0]) / EACH)
        assert own["difference"]["low"] < own["difference"]["value"] < own["difference"]["high"]
    assert at["sensitivity"][ANY]["difference"]["verdict"] == "higher"
    assert at["alarms_per_patient_day"]["difference"]["verdict"] == "higher"
    assert at["lead_time"]["median_minutes"]["answered"] == 40  # the first of eight windows of five minutes
    assert at["lead_time"]["found_30_minutes_ahead"]["difference"]["low"] > 0


def test_at_equal_burden_each_model_has_a_threshold_of_its_own() -> None:
    parts = stays((0.5, 0.5))
    bolder = [
        [one._replace(assessments=(one.assessments[0], bolder_than(one.assessments[0]))) for one in p] for p in parts
    ]
    same, own = trial_members(trial_of(bolder, OUTCOMES), None)["alarms"][:2]
    assert same["alarms_per_patient_day"]["difference"]["verdict"] == "higher"
    assert own["rule"]["thresholds"][0] < own["rule"]["thresholds"][1]
    assert own["alarms_per_patient_day"]["difference"]["value"] == 0
    assert own["changed"]["gained"] == own["changed"]["lost"] == []


def bolder_than(assessment: Assessment) -> Assessment:
    """Return what a model says that ranks windows alike, and calls each more ill."""
    assert assessment.probabilities is not None
    ill = 1 - assessment.probabilities[State.NONE_OF_THESE]
    return Assessment(assessment.at, probabilities(ill**0.5, State.CARDIAC_ARREST))


def test_the_stays_that_would_have_changed_are_named_with_what_came_of_them(trial: Trial) -> None:
    (at,) = trial_members(trial, ABOUT)["alarms"]
    assert trial.rang is not None
    rings = [{int(each) for each in trial.windows.encounter[rang]} for rang in trial.rang]
    gained, lost = ({int(each["encounter"]) for each in at["changed"][kind]} for kind in ("gained", "lost"))
    assert (gained, lost) == (rings[1] - rings[0], rings[0] - rings[1])
    first = at["changed"]["gained"][0]
    assert (first["outcome"], first["onset"] > first["first_alarm"]) == ("cardiac_arrest", True)


def test_a_model_against_itself_differs_in_nothing() -> None:
    same = [[each._replace(assessments=(each.assessments[0],) * 2) for each in part] for part in stays((0.5, 0.5))]
    report = trial_members(trial_of(same, OUTCOMES), None)
    assert [at["rule"]["kind"] for at in report["alarms"]] == ["threshold", "own_thresholds"] * 2
    for at in report["alarms"]:  # no policy was followed
        assert (
            at["alarms_per_patient_day_before_onsets"]["answered"]
            <= at["rule"]["at_most_alarms_per_patient_day"] + 1e-9
        )
        assert at["alarms_per_patient_day"]["difference"] == {"value": 0, "low": 0, "high": 0} | NOT_TOLD
        assert at["changed"]["gained"] == at["changed"]["lost"] == []
    assert report["agreement"]["same_state"] == report["agreement"]["windows"] == len(OUTCOMES) * WINDOWS
    for state in ILL:
        for own in report["calibration"][state].values():
            assert own["difference"]["verdict"] == "not told apart"


def test_under_twenty_events_a_state_is_not_answered_and_has_no_figure() -> None:
    parts = list(stays((0.5, 0.9), each=19, well=10))
    report = trial_members(trial_of(parts, {number: outcome_of(number, 19) for number in range(1, 68)}, POLICY), ABOUT)
    assert report["cannot_answer"] == list(ILL)
    assert (report["calibration"], report["named_by_state"]) == ({}, {})
    assert set(report["alarms"][0]["sensitivity"]) == {ANY}  # 57 onsets together
    few = trial_members(trial_of(parts[:10], {number: outcome_of(number, 19) for number in range(1, 11)}), None)
    assert [(at["sensitivity"], at["lead_time"]) for at in few["alarms"]] == [({}, None)] * 4


def test_without_outcomes_alarms_agreement_and_changes_are_told_and_no_sensitivity() -> None:
    report = trial_members(trial_of(list(stays((0.4, 0.95))), None, POLICY), ABOUT)
    assert not report["outcomes"]
    assert report["alarms"][0]["alarms_per_patient_day"]["difference"]["verdict"] == "higher"
    assert report["alarms"][0]["sensitivity"] == {}
    assert report["alarms"][0]["changed"]["gained"][0]["outcome"] is None


def test_agreement_is_told_by_state_and_kappa_is_not_that_of_the_largest() -> None:
    """Most windows are *none of these* for both, and of the few others not one is the same."""
    rows = [[tried(1, at, (0.9, 0.1) if at < 2 else (0.1, 0.1)) for at in range(40)]]
    agreement = trial_members(trial_of(rows), None)["agreement"]
    assert agreement["same_state"] / agreement["windows"] == 0.95
    assert agreement["kappa"] == pytest.approx(0)
    assert agreement["by_state"]["cardiac_arrest"] == {"answered": 2, "candidate": 0, "both": 0, "of_either": 2}
    assert agreement["changes"]["cardiac_arrest"]["none_of_these"] == 2


def test_refusals_are_of_each_model_and_the_first_minutes_are_nobodys() -> None:
    def refused(place: int, reasons: tuple[str | None, str | None]) -> Tried:
        end = START + DAY + place * STEP
        nothing = Assessment(0, None, (), refused=True)
        answered = reasons[0] is None
        entry = record(1, end, problem=reasons[0]) if not answered else record(1, end)
        return Tried(
            entry, (1, 1), (tried(1, place, (0.1, 0.1)).assessments[0] if answered else nothing, nothing), reasons
        )

    part = [
        refused(0, ("too-few-instants",) * 2),
        refused(1, ("missing-signs",) * 2),
        refused(2, (None, "other-window")),
    ]
    refusals = trial_members(trial_of([[*part, *(tried(1, at, (0.1, 0.1)) for at in range(3, 5))]]), None)["refusals"]
    assert (refusals["asked"], refusals["share"]["answered"], refusals["share"]["candidate"]) == (4, 0.25, 0.5)
    assert refusals["by_reason"]["candidate"] == {"missing-signs": 1, "other-window": 1, "too-few-instants": 1}


def test_a_window_that_was_recorded_twice_counts_once_and_an_onset_outside_is_no_outcome() -> None:
    part = [tried(1, at, (0.1, 0.1)) for at in range(30)]
    far = outcome_of(1)
    far = type(far)(far.state, START - DAY, far.patient)
    trial = trial_of([part, part[:5]], {1: far})
    assert len(trial.windows) == 30
    assert (trial.fates, len(trial.labels)) == ({1: "onset outside the stay"}, 0)
    assert not trial.known.any()


def test_one_step_of_newtons_is_what_a_fit_to_drawn_patients_gives() -> None:
    dice = np.random.default_rng(3)
    owners = np.repeat(np.arange(200), 20)
    said = dice.uniform(0.02, 0.6, len(owners))
    happened = dice.random(len(owners)) < np.clip(said * 0.7, 0, 1)
    patients, at = Patients.of(owners, 40), np.arange(len(owners))
    found = calibrations(said, happened, patients, at)
    for row in range(41):
        drawn = np.repeat(at, patients.weights[row][owners].astype(int))
        own = calibrations(said[drawn], happened[drawn], Patients.of(owners[drawn], 1), np.arange(len(drawn)))
        for name, each in found.items():
            assert each[row] == pytest.approx(own[name][0], abs=0.02), name


def test_a_paired_interval_is_narrower_than_the_difference_of_two_that_know_nothing_of_each_other() -> None:
    dice = np.random.default_rng(4)
    first = (dice.random(400) < 0.6).astype(float)
    second = np.where(dice.random(400) < 0.05, 1, first)  # the same but for a few
    patients, at = Patients.of(np.arange(400)), np.arange(400)
    drawn = [ratio(patients.sums(each, at), patients.sums(np.ones(400), at)) for each in (first, second)]
    own = pair(*drawn)["difference"]
    apart = np.sqrt(sum(each[1:].var() for each in drawn))
    assert own["low"] <= own["value"] <= own["high"]
    assert own["high"] - own["low"] < 0.7 * 2 * 1.96 * apart


def test_a_weighted_median_is_numpys_of_what_is_drawn() -> None:
    values, weights = (
        np.array([5.0, np.nan, 1.0, 9.0]),
        np.array([[1.0, 1, 1, 1], [2, 5, 0, 1], [1, 0, 0, 1], [0, 3, 0, 0]]),
    )
    assert np.allclose(medians(values, weights), [5, 5, 7, np.nan], equal_nan=True)


def test_the_states_are_the_three_that_a_ward_alarms_for() -> None:
    assert {each.value for each in STATES} == set(ILL)
