"""Made-up records and beds for the ward's pages."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from fcv_api.domain.prediction import State
from fcv_api.domain.stays import MINUTE
from fcv_api.domain.ward import Condition, Place, Standing
from fcv_api.domain.ward_score import Outcome, Shows
from fcv_api.domain.words import ScoreWarning

NOW = 1_709_458_200_000_000
MODEL = ("uci", "1", "a" * 64)
OTHER = ("uci", "2", "b" * 64)
SHARES = {
    State.CARDIAC_ARREST: 0.11,
    State.LOW_CARDIAC_OUTPUT: 0.07,
    State.NONE_OF_THESE: 0.09,
    State.CARDIOGENIC_SHOCK: 0.73,
}
CODES = (
    *("critical_value", "asystole", "no_pulse", "level", "trend", "several_signs", "stale", "filled", "not_entered"),
    *("unvalidated_model", "undecided", "conflicting_values", "a_new_code"),
)
SCORES = Shows(scores=True, attested=MODEL)
PLACE = Place("e1", "UCI 1", 1)


def warning(code: str) -> ScoreWarning:
    """Return a warning of the heart rate, whose words hold no share of a model's answer."""
    sign = None if code in ("undecided", "unvalidated_model") else "MDC_ECG_HEART_RATE"
    return ScoreWarning(code, sign, f"detail of {code}", f"detalle de {code}", {"lowest": 24.0, "highest": 24.0})


def outcome(*codes: str, state: State = State.CARDIOGENIC_SHOCK, minutes: int = 2) -> Outcome:
    """Return a score, some minutes old, with warnings: of the state, 73 %."""
    shares = dict(zip([state, *(each for each in State if each is not state)], (0.73, 0.11, 0.09, 0.07), strict=True))
    return Outcome("r", NOW - minutes * MINUTE, None, state, shares, tuple(map(warning, codes)), MODEL)


def scored(*codes: str, state: State = State.CARDIOGENIC_SHOCK, minutes: int = 2) -> Standing:
    """Return a bed with such a score."""
    found = outcome(*codes, state=state, minutes=minutes)
    return Standing(Condition.SCORED, found.at, None, found)


OUTCOMES = st.builds(
    lambda codes, state, minutes, problem, model: replace(
        outcome(*codes, state=state, minutes=minutes), problem=problem, model=model
    ),
    st.lists(st.sampled_from(CODES), max_size=5, unique=True),
    st.sampled_from(State),
    st.integers(-10, 60),
    st.sampled_from([None, None, None, "missing-signs", "model-output"]),
    st.sampled_from([MODEL, MODEL, OTHER, None]),
)
STANDINGS = st.builds(
    Standing,
    st.sampled_from([Condition.SCORED, Condition.SCORED, *Condition]),
    st.integers(0, 90).map(lambda minutes: NOW - minutes * MINUTE),
    st.sampled_from([None, None, "identity-conflict", "corrected", "missing-signs", "overdue", "not-scored-yet"]),
    st.one_of(st.none(), OUTCOMES),
)
SHOWN = st.builds(Shows, st.booleans(), st.sampled_from([None, MODEL, OTHER]))


def may_have_a_number(standing: Standing, shows: Shows) -> bool:
    """Return, by the contract's own words, whether a number may stand beside a bed."""
    found = standing.outcome
    if standing.condition is not Condition.SCORED or standing.reason or found is None or found.problem:
        return False
    codes, age = {each.code for each in found.warnings}, (NOW - found.at) / MINUTE
    attested = shows.scores and shows.attested is not None and shows.attested == found.model
    forbidden = codes & {"stale", "unvalidated_model"} or found.state is State.NONE_OF_THESE
    return attested and not forbidden and -2 <= age <= 15
