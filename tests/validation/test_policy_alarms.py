"""A validation's alarms go by a policy where one is named: by the code that alerts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_up_windows import made_up

from fcv_api.domain.policy import Policy
from fcv_api.training.dataset import NONE
from fcv_api.validation.figures import Measured, figures_of
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.policy_alarms import Followed, read_by, rung_by

THRESHOLD = Policy("ours", "1", 60.0, threshold=0.6)
WARNED = Policy("raw", "1", 60.0, warnings=("critical_value",))


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    return made_up(tmp_path_factory.mktemp("made"), events=25, well=25)


def by(policy: Policy, gathered: Gathered, scorers: dict[str, Any] | None = None) -> dict[str, Any]:
    measured = Measured.of(gathered.windows, {"m/1": gathered.probabilities} | (scorers or {}))
    rang = rung_by(policy, gathered, np.arange(len(gathered)))
    return figures_of(replace(measured, policy=(policy, rang)))


def test_alarms_sensitivity_lead_and_burden_are_those_of_the_policy(gathered: Gathered) -> None:
    rang = rung_by(THRESHOLD, gathered, np.arange(len(gathered)))
    found = by(THRESHOLD, gathered)
    (at,), ahead = found["alarms"], gathered.windows.ahead
    ill = gathered.windows.lead > 0
    assert at["policy"] == "ours/1"
    assert at["found"] == len(np.unique(gathered.windows.encounter[rang & ill]))
    assert at["alarms_per_patient_hour"] == pytest.approx(rang[ahead].sum() / (ahead.sum() * 5 / 60))
    assert len(found["lead_time"]) == len(found["burden"]) == 1
    assert found["lead_time"][0]["at_most_alarms_per_patient_hour"] == at["alarms_per_patient_hour"]


def test_what_rang_is_over_its_threshold_and_silent_for_as_long_as_the_policy_says(gathered: Gathered) -> None:
    rang = rung_by(THRESHOLD, gathered, np.arange(len(gathered)))
    assert (1 - gathered.probabilities[rang, NONE] >= 0.6).all()
    longer = rung_by(replace(THRESHOLD, silence_minutes=600.0), gathered, np.arange(len(gathered)))
    assert longer.sum() < rang.sum()
    assert longer.any()


def test_other_scorers_ring_at_most_as_often_as_the_policy(gathered: Gathered) -> None:
    other = np.roll(gathered.probabilities, 5, axis=0)
    found = by(THRESHOLD, gathered, {"other": other})
    own, (theirs,) = found["alarms"][0], found["baselines"]["other"]["alarms"]
    assert theirs["at_most"] == own["alarms_per_patient_hour"] >= theirs["alarms_per_patient_hour"]


def test_a_policy_of_raw_warnings_rings_for_what_windows_warn_of(gathered: Gathered) -> None:
    warned = np.zeros(len(gathered), dtype=np.int32)
    warned[::48] = 1  # one window of every other stay
    said = replace(gathered, warned=warned, warnings=[(), (("critical_value", "MDC_TEMP"),)])
    rang = rung_by(WARNED, said, np.arange(len(said)))
    assert np.array_equal(np.flatnonzero(rang), np.arange(0, len(said), 48))
    assert not rung_by(WARNED, gathered, np.arange(len(gathered))).any()


def test_of_a_windows_warnings_only_those_are_kept_that_the_policy_reads() -> None:
    said = [("critical_value", "MDC_TEMP"), ("trend", "MDC_TEMP"), ("trend", None), ("filled", "MDC_TEMP")]
    policy = replace(WARNED, warnings=("critical_value", "trend:MDC_TEMP"))
    assert read_by(policy, said) == tuple(said[:2])


def test_a_report_names_the_policy_by_its_hash() -> None:
    said = Followed(THRESHOLD, "a" * 64).as_json()
    assert (said["policy"], said["sha256"], said["threshold"], said["thresholds"]) == ("ours/1", "a" * 64, 0.6, {})
