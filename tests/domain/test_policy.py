"""A policy's file, and which causes it finds in an assessment."""

from __future__ import annotations

import pytest

from fcv_api.domain.policy import Assessment, Policy, UnusablePolicy
from fcv_api.domain.prediction import State

HEAD = 'name = "ours"\nversion = "1.0.0"\nsilence_minutes = 60\n'


def probabilities(arrest: float = 0.0, shock: float = 0.0, low: float = 0.0) -> dict[State, float]:
    """Return four that sum to 1."""
    ill = {State.CARDIAC_ARREST: arrest, State.CARDIOGENIC_SHOCK: shock, State.LOW_CARDIAC_OUTPUT: low}
    return ill | {State.NONE_OF_THESE: 1 - sum(ill.values())}


def causes(text: str, assessment: Assessment) -> list[str]:
    return list(Policy.read(HEAD + text).causes(assessment))


def test_the_likeliest_ill_class_alerts_where_one_minus_none_reaches_the_threshold() -> None:
    text = "[score]\nthreshold = 0.3"
    assert causes(text, Assessment(0, probabilities(0.1, 0.15, 0.04))) == []
    assert causes(text, Assessment(0, probabilities(0.1, 0.15, 0.06))) == ["cardiogenic_shock"]
    assert causes(text, Assessment(0, probabilities(0.25, 0.25))) == ["cardiac_arrest"]


def test_the_worst_class_that_reaches_its_own_threshold_alerts() -> None:
    text = "[score.classes]\nlow_cardiac_output = 0.2\ncardiac_arrest = 0.1"
    assert causes(text, Assessment(0, probabilities(arrest=0.1, low=0.5))) == ["cardiac_arrest"]
    assert causes(text, Assessment(0, probabilities(arrest=0.09, low=0.5))) == ["low_cardiac_output"]
    assert causes(text, Assessment(0, probabilities(shock=0.9))) == []


def test_a_warning_alerts_by_its_code_or_by_its_code_and_sign() -> None:
    found = [
        ("critical_value", "MDC_TEMP"),
        ("filled", "MDC_TEMP"),
        ("filled", "MDC_ECG_HEART_RATE"),
        ("no_pulse", None),
    ]
    text = 'warnings = ["critical_value", "no_pulse", "filled:MDC_TEMP"]'
    wanted = ["critical_value:MDC_TEMP", "filled:MDC_TEMP", "no_pulse"]
    assert causes(text, Assessment(0, None, found)) == wanted


def test_one_warning_twice_is_one_cause_and_a_score_that_does_not_count_is_none() -> None:
    text = 'warnings = ["trend"]\n[score]\nthreshold = 0.01'
    assert causes(text, Assessment(0, None, [("trend", "MDC_TEMP")] * 2)) == ["trend:MDC_TEMP"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x", "is not TOML"),
        ('name = "a b"', "name must be a text"),
        ('name = "a"', "version must be a text"),
        ('name = "a"\nversion = "1"', "silence_minutes must be a number over 0"),
        ('name = "a"\nversion = "1"\nsilence_minutes = true', "silence_minutes must be a number"),
        ('name = "a"\nversion = "1"\nsilence_minutes = 1441', "up to 1440"),
        (HEAD, "would never alert"),
        (HEAD + "silence = 30", "The policy has 'silence'"),
        (HEAD + 'warnings = "filled"', "warnings must be a list"),
        (HEAD + 'warnings = ["stale"]', "warnings holds 'stale'"),
        (HEAD + 'warnings = ["filled:MDC_X"]', "warnings holds 'filled:MDC_X'"),
        (HEAD + "[score]\nthreshold = 0.1\nclasses = {}", "score must be a table with either"),
        (HEAD + "[score]\nlimit = 0.1", "score has 'limit'"),
        (HEAD + "[score]\nthreshold = 1.5", "score.threshold must be a number over 0, up to 1"),
        (HEAD + "[score]\nthreshold = nan", "score.threshold must be a number"),
        (HEAD + "[score.classes]", "score.classes must be a table"),
        (HEAD + "[score.classes]\nnone_of_these = 0.5", "score.classes has 'none_of_these'"),
    ],
)
def test_a_text_that_is_no_policy_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UnusablePolicy, match=sentence):
        Policy.read(text)
