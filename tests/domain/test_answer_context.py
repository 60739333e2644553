"""What an answer warns of besides the window: the clock, the model, and how sure it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fcv_api.domain.prediction import OFFLINE, AnswerContext, ModelIdentity, State, undecided
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Window

END = datetime(2024, 3, 3, 14, 30, tzinfo=UTC)
MODEL = ModelIdentity("fake", "1", "0" * 64)
INSTANTS = np.full(20, np.datetime64("2024-03-03T14:30:00", "us"))
WINDOW = Window(np.zeros((20, 9)), np.ones((20, 9), np.bool_), INSTANTS[:9], INSTANTS, SIGN_NAMES, first=END, last=END)


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(15, ""), (15.1, "ended 15 minutes ago"), (75, "ended 75 minutes ago"), (-2, ""), (-2.1, "in the future")],
)
def test_a_window_that_ended_long_ago_or_not_yet_is_stale(minutes: float, told: str) -> None:
    now = END + timedelta(minutes=minutes)
    found = list(AnswerContext(now, stale_after=timedelta(minutes=15)).warnings(WINDOW, MODEL))
    assert [each.code for each in found] == ["stale"] * bool(told)
    assert all(told in each.detail for each in found)


def test_without_a_clock_nothing_is_stale() -> None:
    assert list(OFFLINE.warnings(WINDOW, MODEL)) == []


@pytest.mark.parametrize(
    ("largest", "second", "told"),
    [(0.5, 0.4, False), (0.499, 0.2, True), (0.54, 0.44, False), (0.54, 0.441, True), (0.9, 0.1, False)],
)
def test_a_model_is_undecided_below_a_half_or_with_a_lead_of_under_a_tenth(
    largest: float,
    second: float,
    told: bool,  # noqa: FBT001
) -> None:
    rest = (1 - largest - second) / 2
    found = list(undecided(dict(zip(State, (rest, second, largest, rest), strict=True))))
    assert [each.code for each in found] == ["undecided"] * told
