"""The report on what simulated stays look like, and what it must find in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.training.marginals import marginals, report
from fcv_api.training.simulate import Stay, simulate

HEART_RATE = INDEX_BY_NAME["MDC_ECG_HEART_RATE"]


@pytest.fixture(scope="module")
def stays() -> list[Stay]:
    """Give the stays of docs/simulator.md."""
    return list(simulate(400, 1))


def test_the_document_shows_what_the_simulator_gives(stays: list[Stay], root: Path) -> None:
    assert report(stays) in (root / "docs" / "simulator.md").read_text("utf-8")


def test_stays_without_an_onset_hardly_ever_leave_the_usual_limits(stays: list[Stay]) -> None:
    quiet = marginals(stay for stay in stays if stay.state is State.NONE_OF_THESE)
    assert max(each.unusual for each in quiet) < 0.005
    assert max(each.dangerous for each in quiet) < 0.002


def test_moving_signs_remember_more_of_five_minutes_than_of_an_hour(stays: list[Stay]) -> None:
    moving = [each for each in marginals(stays) if not each.sign.static]
    assert all(1 > each.autocorrelations[0] > each.autocorrelations[1] for each in moving)


def test_autocorrelation_is_what_numpy_gives_for_one_long_stay() -> None:
    dice = np.random.default_rng(1)
    series = np.cumsum(dice.normal(0, 1, 5000) * 0.2) + np.sin(np.arange(5000) / 9)
    values = np.tile(series[:, np.newaxis], (1, 9))
    instants = np.datetime64("2024-01-01", "us") + np.arange(5000) * np.timedelta64(300, "s")
    told = marginals([Stay(1, State.NONE_OF_THESE, None, instants, values)])[HEART_RATE]
    assert told.autocorrelations[0] == pytest.approx(np.corrcoef(series[:-1], series[1:])[0, 1], abs=0.01)
