"""Levels, trends and several signs at once, each at its boundary, both sides."""

from __future__ import annotations

import numpy as np
import pytest
from made_up import (
    ECTOPY,
    GAP,
    HEART_RATE,
    PERFUSION,
    PULSE,
    RESPIRATION,
    SATURATION,
    TEMPERATURE,
    calm,
    warnings,
)

from fcv_api.domain.quality import middle_of_last
from fcv_api.domain.vitals import SIGN_NAMES, SIGNS
from fcv_api.domain.window import Matrix


def codes(matrix: Matrix) -> set[tuple[str, str | None]]:
    return {(each.code, each.sign) for each in warnings(matrix)}


def at_level(sign: int, value: float) -> Matrix:
    """Return a calm window whose last five rows of a sign lie around a level."""
    matrix = calm(3)
    matrix[-5:, sign] = value + np.array([0.02, -0.02, 0.02, 0.0, -0.02])
    return matrix


LEVELS = [
    (HEART_RATE, 40.0, 41.0),
    (HEART_RATE, 131.0, 130.0),
    (SATURATION, 85.0, 86.0),
    (RESPIRATION, 8.0, 9.0),
    (RESPIRATION, 30.0, 29.0),
    (ECTOPY, 15.0, 14.0),
    (TEMPERATURE, 35.0, 35.1),
    (TEMPERATURE, 39.1, 39.0),
    (PERFUSION, 0.35, 0.4),
]


@pytest.mark.parametrize(("sign", "grave", "borne"), LEVELS)
def test_the_middle_of_three_measurements_at_a_limit_is_a_level(sign: int, grave: float, borne: float) -> None:
    wanted = ("level", SIGN_NAMES[sign])
    assert wanted in codes(at_level(sign, grave))
    assert wanted not in codes(at_level(sign, borne))


@pytest.mark.parametrize(("sign", "grave", "borne"), LEVELS)
def test_one_value_of_three_is_no_level(sign: int, grave: float, borne: float) -> None:  # noqa: ARG001
    for row in (-3, -2, -1):
        matrix = calm(3)
        matrix[row, sign] = grave
        assert codes(matrix) == set()


def test_a_level_carries_its_figures_and_both_languages() -> None:
    (found,) = (each for each in warnings(at_level(TEMPERATURE, 34.5)) if each.code == "level")
    assert found.figures == {"level": 34.5, "low": 35.0, "high": 39.1}
    assert "34.5 °C is the median of the last measurements" in found.detail
    assert "34,5 °C es la mediana de las últimas mediciones" in found.detail_es


def test_a_level_rests_on_the_last_three_measurements_and_not_on_filled_cells() -> None:
    matrix = calm(3)
    matrix[-3, SATURATION], matrix[-2:, SATURATION] = 84.0, GAP  # one movement, and then lost cells
    assert ("level", "MDC_PULS_OXIM_SAT_O2") not in codes(matrix)
    matrix[-5:-3, SATURATION] = 84.0
    assert ("level", "MDC_PULS_OXIM_SAT_O2") in codes(matrix)


def test_a_pulse_is_not_named_beside_its_heart_rate() -> None:
    matrix = at_level(HEART_RATE, 36.0)
    matrix[-5:, PULSE] = matrix[-5:, HEART_RATE]
    assert [each.sign for each in warnings(matrix) if each.code == "level"] == ["MDC_ECG_HEART_RATE"]


def test_a_critical_sign_has_no_level_and_no_trend_too() -> None:
    assert codes(at_level(SATURATION, 75.0)) == {("critical_value", "MDC_PULS_OXIM_SAT_O2")}


@pytest.mark.parametrize("measured", [1, 2, 3, 4])
def test_the_middle_of_fewer_than_three_measurements_is_that_of_what_there_is(measured: int) -> None:
    values = np.arange(20.0)[:, np.newaxis] * np.ones(9)
    flags = np.zeros((20, 9), dtype=np.bool_)
    flags[4 : 4 + measured, RESPIRATION] = True
    middle = middle_of_last(values, flags)
    assert middle[RESPIRATION] == np.median(np.arange(4, 4 + measured)[-3:])
    assert middle[SATURATION] == 19.0  # never measured: the last value that the model reads


def moved(sign: int, by: float) -> Matrix:
    """Return a window whose last four rows of a sign lie so far from its first ones."""
    matrix = calm(3)
    matrix[:, sign] = np.median(matrix[:, sign]) + np.tile([0.01, 0.0, -0.01, 0.0], 5)
    matrix[-4:, sign] += by
    return matrix


@pytest.mark.parametrize(
    ("sign", "far", "near"),
    [
        (SATURATION, -6.1, -5.9),
        (HEART_RATE, 40.1, 39.9),
        (HEART_RATE, -30.1, -29.9),
        (RESPIRATION, 10.1, 9.9),
    ],
)
def test_a_sign_that_moved_far_over_the_window_is_a_trend(sign: int, far: float, near: float) -> None:
    wanted = ("trend", SIGN_NAMES[sign])
    assert wanted in codes(moved(sign, far))
    assert wanted not in codes(moved(sign, near))


@pytest.mark.parametrize(("first", "last", "speaks"), [(1.6, 0.6, True), (1.6, 0.66, False), (1.4, 0.6, False)])
def test_perfusion_is_a_trend_when_it_is_poor_and_was_far_better(first: float, last: float, *, speaks: bool) -> None:
    matrix = calm(3)
    matrix[:, PERFUSION] = first + np.tile([0.001, -0.001], 10)
    matrix[-4:, PERFUSION] = last - np.array([0.001, 0.002, 0.001, 0.001])
    assert (("trend", "MDC_BLD_PERF_INDEX") in codes(matrix)) is speaks


def test_a_trend_says_from_where_to_where() -> None:
    matrix = calm(3)
    matrix[:, SATURATION] = np.round(np.linspace(97, 88, 20))
    (found,) = (each for each in warnings(matrix) if each.code == "trend")
    assert found.figures == {"first": 97, "last": 88, "change": -9, "minutes": 95}
    assert found.detail == "MDC_PULS_OXIM_SAT_O2: from 97 to 88 % over the window (95 minutes)."
    assert found.detail_es == "MDC_PULS_OXIM_SAT_O2: de 97 a 88 % a lo largo de la ventana (95 minutos)."


@pytest.mark.parametrize(("cells", "speaks"), [(5, False), (6, True)])
def test_a_sign_that_was_measured_five_times_has_no_trend(cells: int, *, speaks: bool) -> None:
    matrix = calm(3)
    matrix[:, SATURATION] = GAP
    matrix[-cells:, SATURATION] = 97.0
    matrix[-3:, SATURATION] = [88.0, 89.0, 88.0]
    assert (("trend", "MDC_PULS_OXIM_SAT_O2") in codes(matrix)) is speaks


NOTABLE = {HEART_RATE: 112.0, RESPIRATION: 23.0, SATURATION: 91.0, TEMPERATURE: 35.9, PERFUSION: 0.55, ECTOPY: 11.0}


@pytest.mark.parametrize("signs", [(0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5)])
def test_three_signs_that_are_off_together_are_said_and_two_are_not(signs: tuple[int, ...]) -> None:
    matrix, names = calm(3), []
    for place in signs:
        sign = list(NOTABLE)[place]
        assert ("several_signs", None) not in codes(matrix)
        matrix[-6:, sign] = NOTABLE[sign] + np.tile([0.01, 0.0], 3)
        names.append(SIGNS[sign].name)
    (found,) = (each for each in warnings(matrix) if each.code == "several_signs")
    assert set(found.figures) == {"count", *names}
    assert found.figures["count"] == 3


def test_every_serious_level_is_a_notable_one_and_every_grave_one_is_serious() -> None:
    for sign in SIGNS:
        bands = (sign.limits.level, sign.limits.serious, sign.limits.notable)
        if sign.name != "MDC_PULS_OXIM_PULS_RATE":  # counted by its heart rate
            lows, highs = zip(*bands, strict=True)
            assert list(lows) == sorted(lows)
            assert list(highs) == sorted(highs, reverse=True)


def test_two_serious_signs_are_said_together() -> None:
    matrix = calm(3)
    matrix[-5:, SATURATION] = [88.0, 87.0, 88.0, 87.0, 88.0]
    assert ("several_signs", None) not in codes(matrix)
    matrix[-5:, RESPIRATION] = [27.0, 28.0, 27.0, 28.0, 27.0]
    (found,) = (each for each in warnings(matrix) if each.code == "several_signs")
    assert found.figures == {"count": 2, "MDC_PULS_OXIM_SAT_O2": 88, "MDC_TTHOR_RESP_RATE": 27}
    assert "MDC_PULS_OXIM_SAT_O2 88 %, MDC_TTHOR_RESP_RATE 27 /min." in found.detail
