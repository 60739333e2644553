"""Artefacts: seeded, of the kinds and shares that the recipe states, and always what a monitor can show."""

from __future__ import annotations

import numpy as np
import pytest

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.training.artefacts import HEIGHT, PULSE, SATURATION, SHARE, WEIGHT, with_artefacts
from fcv_api.training.simulate import Stay, simulate

INSTANTS = np.datetime64("2024-01-01T00:00:00", "us") + np.arange(20_000) * np.timedelta64(5, "m")
CALM = np.tile([1.8, 80.0, 1.0, 170.0, 70.0, 79.0, 97.0, 36.8, 16.0], (len(INSTANTS), 1))


def first_readings(seed: int = 3) -> Matrix:
    """Return what artefacts make of a patient who never changes, without the second readings."""
    instants, values = with_artefacts(INSTANTS, CALM, np.random.default_rng(seed))
    return values[np.r_[True, instants[1:] != instants[:-1]]]


@pytest.fixture(scope="module")
def stay() -> Stay:
    return next(each for each in simulate(20, seed=5) if each.state is State.NONE_OF_THESE)


def test_the_same_generator_gives_the_same_artefacts_and_spares_its_input(stay: Stay) -> None:
    before = stay.values.copy()
    first, second = (with_artefacts(stay.instants, stay.values, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1], equal_nan=True)
    assert np.array_equal(stay.values, before, equal_nan=True)


def test_a_pulse_is_doubled_and_halved_as_often() -> None:
    pulse = first_readings()[:, PULSE]
    shares = [np.mean(pulse == counted) for counted in (2 * 79.0, np.round(79.0 / 2))]
    assert shares == pytest.approx([SHARE / 2, SHARE / 2], rel=0.2)


def test_movement_makes_saturation_read_low_and_never_high() -> None:
    saturation = first_readings()[:, SATURATION]
    assert np.mean(saturation < 97) == pytest.approx(SHARE, rel=0.15)
    assert np.nanmax(saturation) == 97


def test_cells_of_the_moving_signs_are_lost_and_height_and_weight_are_not() -> None:
    lost = np.isnan(first_readings()).mean(axis=0)
    assert lost[PULSE] == pytest.approx(SHARE, rel=0.15)
    assert lost[[HEIGHT, WEIGHT]].tolist() == [0, 0]


def test_some_scans_are_exported_twice_within_a_monitors_noise() -> None:
    instants, values = with_artefacts(INSTANTS, CALM, np.random.default_rng(3))
    again = np.flatnonzero(instants[1:] == instants[:-1])
    assert len(again) / len(INSTANTS) == pytest.approx(SHARE, rel=0.1)
    apart = np.abs(values[again + 1] - values[again])[:, SATURATION]
    assert 1 < np.nanmean(apart) < 2  # one deviation of 2, rounded, and cut at 100


def test_nothing_leaves_what_a_monitor_shows(stay: Stay) -> None:
    _, values = with_artefacts(stay.instants, stay.values, np.random.default_rng(1))
    for sign, column in zip(SIGNS, values.T, strict=True):
        assert np.nanmin(column) >= sign.limits.hard[0]
        assert np.nanmax(column) <= sign.limits.hard[1]
