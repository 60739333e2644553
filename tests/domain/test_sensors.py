"""Lines that never move, and pulses that are not the heart's rate."""

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

from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Matrix

ALONE = {PERFUSION: 1.5, HEART_RATE: 80.0, PULSE: 80.0, SATURATION: 98.0, TEMPERATURE: 36.8}
HELD = {RESPIRATION: 16.0, SATURATION: 100.0}


def flat(values: dict[int, float]) -> Matrix:
    matrix = calm(4)
    for sign, value in values.items():
        matrix[:, sign] = value
    return matrix


def signs_of(code: str, matrix: Matrix) -> set[str | None]:
    return {each.sign for each in warnings(matrix) if each.code == code}


@pytest.mark.parametrize("sign", ALONE, ids=lambda sign: SIGN_NAMES[sign])
def test_a_line_is_flat_when_every_cell_is_measured_and_equal(sign: int) -> None:
    matrix = flat({sign: ALONE[sign]})
    (found,) = warnings(matrix)
    assert (found.code, found.sign) == ("flat_line", SIGN_NAMES[sign])
    assert found.figures == {"value": ALONE[sign], "of": 20}
    for other in (ALONE[sign] + 0.1, GAP):
        matrix[7, sign] = other
        assert warnings(matrix) == ()


def test_only_of_what_can_be_paced_a_pacemaker_is_named() -> None:
    assert "pacemaker" in warnings(flat({HEART_RATE: 80.0}))[0].detail
    assert "pacemaker" not in warnings(flat({TEMPERATURE: 36.8}))[0].detail


@pytest.mark.parametrize("sign", HELD, ids=lambda sign: SIGN_NAMES[sign])
def test_what_a_ventilator_or_oxygen_holds_is_flat_only_beside_another_sign(sign: int) -> None:
    assert warnings(flat({sign: HELD[sign]})) == ()
    both = flat({sign: HELD[sign], PERFUSION: 1.5})
    assert signs_of("flat_line", both) == {SIGN_NAMES[sign], "MDC_BLD_PERF_INDEX"}


def test_a_saturation_of_99_is_full_and_one_of_98_is_not() -> None:
    assert warnings(flat({SATURATION: 99.0})) == ()
    assert signs_of("flat_line", flat({SATURATION: 98.0})) == {"MDC_PULS_OXIM_SAT_O2"}


def test_premature_beats_height_and_weight_may_stay_as_they_are() -> None:
    assert warnings(flat({ECTOPY: 0.0})) == ()
    assert signs_of("flat_line", flat({ECTOPY: 0.0, RESPIRATION: 16.0})) == set()


@pytest.mark.parametrize(("deficit", "speaks"), [(15.0, True), (14.0, False)])
def test_a_pulse_deficit_over_the_whole_window_is_a_mismatch(deficit: float, *, speaks: bool) -> None:
    matrix = calm(4)
    matrix[:, PULSE] = matrix[:, HEART_RATE] - deficit
    found = warnings(matrix)
    assert [(each.code, each.sign) for each in found] == [("rate_mismatch", "MDC_PULS_OXIM_PULS_RATE")] * speaks
    assert all(each.figures == {"gap": 15, "count": 20, "of": 20, "deficit": 15} for each in found)


def test_a_deficit_in_under_half_of_the_rows_is_none() -> None:
    matrix = calm(4)
    matrix[:, PULSE] = matrix[:, HEART_RATE] - np.where(np.arange(20) < 9, 18.0, 1.0)
    assert warnings(matrix) == ()
