"""What monitors send of a simulated stay: its own seconds, its gaps, and nothing that the stay does not hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGNS
from fcv_api.training.artefacts import HEIGHT, PULSE, TEMPERATURE, WEIGHT
from fcv_api.training.bedside import MINUTE, SECOND, STATIC, Readings, readings_of
from fcv_api.training.simulate import Stay, simulate

START = 1_709_458_200 * SECOND
INSTANTS = np.datetime64("2024-01-01T00:00:00", "us") + np.arange(13) * np.timedelta64(5, "m")
CALM = np.tile([1.8, 80.0, 1.0, 170.0, 70.0, 79.0, 97.0, 36.8, 16.0], (13, 1))


def read(values: np.ndarray | None = None, minutes: int = 60, seed: int = 1) -> Readings:
    """Return what is sent of an hour in which each sign is as in `values`, (13, 9)."""
    stay = Stay(1, State.NONE_OF_THESE, None, INSTANTS, CALM if values is None else values)
    return readings_of(stay, START, minutes, np.random.default_rng(seed))


def test_a_minute_has_13_rows_and_the_first_one_height_and_weight_too() -> None:
    found = read()
    minutes = Counter(((found.at - START) // MINUTE).tolist())
    assert minutes == dict.fromkeys(range(60), 13) | {0: 15}
    assert set(found.signs.tolist()) == set(range(len(SIGNS)))
    assert np.array_equal(np.sort(found.at), found.at)
    assert set(found.at[np.isin(found.signs, STATIC)].tolist()) == {START}


def test_each_sign_has_seconds_of_its_own_and_no_row_lies_outside_the_minutes() -> None:
    found = read()
    seconds = {sign: set(((found.at[found.signs == sign] - START) // SECOND % 60).tolist()) for sign in (PULSE, 8)}
    assert all(len(own) == 2 for own in seconds.values())
    assert seconds[PULSE] != seconds[8]
    assert START <= found.at.min() <= found.at.max() < START + 60 * MINUTE


def test_between_two_scans_a_sign_lies_on_the_line_and_is_rounded_as_monitors_do() -> None:
    values = CALM.copy()
    values[1, PULSE] = 89.0
    found = read(values, minutes=5)
    own = found.signs == PULSE
    line = 79 + 10 * (found.at[own] - START) / (5 * MINUTE)
    assert found.values[own].tolist() == np.round(line).tolist()


def test_nothing_is_sent_beside_a_scan_that_lacks_the_sign_and_after_the_last_one() -> None:
    values = CALM.copy()
    values[[3, 4, 5], PULSE] = np.nan
    found = read(values, minutes=200)
    minutes = (found.at[found.signs == PULSE] - START) // MINUTE
    assert set(range(61)) - set(minutes.tolist()) == {*range(11, 30)}  # the minute after the scan of 10 is read
    assert minutes.max() == 60


def test_a_charted_temperature_is_sent_once_and_a_late_weight_when_it_is_entered() -> None:
    values = CALM.copy()
    values[:, TEMPERATURE] = np.where(np.arange(13) == 4, 38.2, np.nan)
    values[:6, WEIGHT] = np.nan
    values[:, HEIGHT] = np.nan
    found = read(values)
    assert [found.values[found.signs == sign].tolist() for sign in (TEMPERATURE, WEIGHT, HEIGHT)] == [
        [38.2],
        [70.0],
        [],
    ]
    assert found.at[found.signs == WEIGHT].tolist() == [START + 30 * MINUTE]


@pytest.mark.parametrize("spoilt", [0.0, 1.0])
def test_simulated_stays_are_read_whole_also_with_artefacts(spoilt: float) -> None:
    for stay in simulate(6, seed=3, spoilt=spoilt):
        found = readings_of(stay, START, 120, np.random.default_rng(2))
        assert len(found.at) > 1000
        assert np.isfinite(found.values).all()
        again = readings_of(replace(stay, id=9), START, 120, np.random.default_rng(2))
        assert np.array_equal(found.values, again.values)
