"""Labelled windows: cut by the code that serves, labelled by the state at the horizon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dense_rows import MONITORS, encounter_of
from fakes import FakeModel
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api import scoring
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import State
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import WindowSpec, extract_window
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import NONE, Cohort, Horizon, Label, LabelledWindows, UnusableData, cut_windows
from fcv_api.training.simulate import cohort_of, simulate

START = np.datetime64("2024-03-03T00:00", "us")
STEP = np.timedelta64(5, "m")
SHOCK = CLASSES.index(State.CARDIOGENIC_SHOCK)


def stay(instants: int) -> Encounter:
    """Give an encounter with all nine signs at each of its instants."""
    times = np.repeat(START + np.arange(instants) * STEP, len(SIGNS))
    return Encounter(1, np.tile(np.arange(len(SIGNS)), instants), np.arange(len(times), dtype=float), times)


def windows(instants: int, onset: int | None, minutes: float = 30) -> LabelledWindows:
    """Cut all windows of a stay; `onset` is the instant at which shock began."""
    state = State.NONE_OF_THESE if onset is None else State.CARDIOGENIC_SHOCK
    label = Label(state, None if onset is None else START + onset * STEP, "p")
    return cut_windows(Cohort([stay(instants)], {1: label}), WindowSpec(), Horizon(minutes))


def test_a_window_is_labelled_by_the_state_at_the_horizon_after_its_end() -> None:
    found = windows(60, onset=40)
    ends = (found.end - START) / STEP
    assert set(ends[found.label == SHOCK]) == set(range(34, 60))  # 30 minutes are six steps
    assert set(ends[found.label == NONE]) == set(range(19, 34))


def test_a_window_whose_future_is_unknown_is_left_out() -> None:
    found = windows(60, onset=None)
    assert ((found.end - START) / STEP).max() == 53


def test_a_window_whose_horizon_reaches_an_onset_after_the_last_row_is_kept() -> None:
    found = windows(60, onset=63)
    assert set(((found.end - START) / STEP)[found.label == SHOCK]) == {57, 58, 59}


def test_a_window_that_ends_at_or_after_the_onset_is_detection() -> None:
    found = windows(60, onset=40)
    assert set(((found.end - START) / STEP)[~found.ahead]) == set(range(40, 60))


def test_without_any_window_the_data_is_unusable_in_one_sentence() -> None:
    with pytest.raises(UnusableData, match="None of the 1 encounters has a window: 20 instants within"):
        windows(19, onset=None)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 200))
def test_each_window_is_what_the_service_would_read_at_that_instant(seed: int, pick: int) -> None:
    cohort = cohort_of(simulate(1, seed))
    found = cut_windows(cohort, WindowSpec(), Horizon())
    chosen = pick % len(found)
    whole = cohort.encounters[0]
    known = whole.instants <= found.end[chosen]
    sent = Encounter(whole.id, whole.signs[known], whole.values[known], whole.instants[known])
    assert np.array_equal(extract_window(sent, WindowSpec()).raw, found.raw[chosen], equal_nan=True)


@pytest.mark.parametrize("sampling", Sampling)
def test_dense_rows_are_learnt_from_in_the_slots_that_the_service_would_read(sampling: Sampling) -> None:
    spec = WindowSpec(sampling=sampling)
    whole = encounter_of(replace(MONITORS["a row a minute"], minutes=150).table())
    cohort = Cohort([whole], {whole.id: Label(State.NONE_OF_THESE, None, "p")})
    found = cut_windows(cohort, spec, Horizon(minutes=20, every=3))
    for raw, end in zip(found.raw, found.end, strict=True):
        wanted = scoring.assess(whole.until(end), FakeModel(spec=spec)).or_raise()
        assert np.array_equal(raw, wanted.window.raw, equal_nan=True)
