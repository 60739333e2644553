"""Warnings of the raw window, each at its boundary, both sides; and one for each trap seen in real exports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fcv_api.domain.encounter import Encounter, UnknownUnit
from fcv_api.domain.quality import inspect
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES, SIGNS
from fcv_api.domain.window import WindowSpec, extract_window
from fcv_api.domain.words import ScoreWarning
from fcv_api.wire.encounter import EncounterSchema

FIXTURES = Path(__file__).parents[1] / "fixtures"
BOGOTA = ZoneInfo("America/Bogota")
START = np.datetime64("2024-03-03T05:00:00", "us")
MINUTE = np.timedelta64(60_000_000, "us")
PERFUSION, HEART_RATE, ECTOPY, HEIGHT, WEIGHT, PULSE, SATURATION, TEMPERATURE, RESPIRATION = range(9)
MOVING = [PERFUSION, HEART_RATE, PULSE, SATURATION, TEMPERATURE, RESPIRATION]
GAP = float("nan")


def steady(instants: int = 20) -> np.ndarray:
    """Make a stable patient, (instants, 9)."""
    matrix = np.tile([1.8, 80.0, 1.0, 170.0, 70.0, 79.0, 97.0, 36.8, 16.0], (instants, 1))
    matrix[::2, MOVING] += [0.1, 1.0, 1.0, 1.0, 0.1, 1.0]
    return matrix


def sent(matrix: np.ndarray, minutes: np.ndarray | None = None) -> Encounter:
    minutes = np.arange(len(matrix)) * 5.0 if minutes is None else minutes
    rows, signs = np.nonzero(~np.isnan(matrix))
    instants = START + (minutes * 60_000_000)[rows].astype("timedelta64[us]")
    return Encounter(7, signs, matrix[rows, signs], instants, BOGOTA).without_noise()


def twice(encounter: Encounter, sign: int, value: float, row: int) -> Encounter:
    """Add a second value of a sign at one instant."""
    return replace(
        encounter,
        signs=np.append(encounter.signs, sign),
        values=np.append(encounter.values, value),
        instants=np.append(encounter.instants, START + row * 5 * MINUTE),
    )


def warnings(encounter: Encounter, spec: WindowSpec | None = None) -> tuple[ScoreWarning, ...]:
    spec = spec or WindowSpec()
    return inspect(encounter, extract_window(encounter, spec), spec)


def codes(encounter: Encounter) -> set[tuple[str, str | None]]:
    return {(each.code, each.sign) for each in warnings(encounter)}


def with_cells(sign: int, rows: slice | int, value: float, instants: int = 20) -> np.ndarray:
    matrix = steady(instants)
    matrix[rows, sign] = value
    return matrix


def test_a_stable_patient_draws_no_warning() -> None:
    assert warnings(sent(steady())) == ()


@pytest.mark.parametrize("number", [5501, 5502])
def test_the_golden_encounters_draw_no_warning(number: int) -> None:
    body: dict[str, Any] = json.loads((FIXTURES / f"encounter_{number}.json").read_bytes())
    assert warnings(EncounterSchema().load(body).read(BOGOTA)) == ()


CRITICAL = [
    (HEART_RATE, 30, 30.5),
    (HEART_RATE, 170, 169.5),
    (PULSE, 30, 30.5),
    (PULSE, 170, 169.5),
    (ECTOPY, 30, 29.5),
    (RESPIRATION, 6, 6.5),
    (RESPIRATION, 40, 39.5),
    (SATURATION, 80, 80.5),
]


@pytest.mark.parametrize(("sign", "danger", "safe"), CRITICAL)
def test_two_successive_values_in_the_danger_range_are_critical(sign: int, danger: float, safe: float) -> None:
    wanted = ("critical_value", SIGN_NAMES[sign])
    for later in (-3, -2, -1):
        both = slice(later - 1, later + 1 or None)
        assert wanted in codes(sent(with_cells(sign, both, danger)))
        assert wanted not in codes(sent(with_cells(sign, both, safe)))
    assert wanted not in codes(sent(with_cells(sign, slice(-5, -3), danger)))  # before the last three rows


@pytest.mark.parametrize(("sign", "danger", "safe"), CRITICAL)
def test_a_single_value_in_the_danger_range_is_unusual_until_two_rows_refute_it(
    sign: int, danger: float, safe: float
) -> None:
    name = SIGN_NAMES[sign]
    assert codes(sent(with_cells(sign, -1, danger))) == {("unusual_value", name)}
    assert codes(sent(with_cells(sign, -1, safe))) == set()
    assert codes(sent(with_cells(sign, -3, danger))) == set()
    matrix = with_cells(sign, -3, danger)
    matrix[-2:, sign] = GAP  # nobody measured again
    assert ("unusual_value", name) in codes(sent(matrix))


def test_an_oximeter_that_counts_another_pulse_than_the_ecg_is_refuted_by_one_row() -> None:
    matrix = with_cells(SATURATION, -2, 71.0)
    assert codes(sent(matrix)) == {("unusual_value", "MDC_PULS_OXIM_SAT_O2")}
    matrix[-2, PULSE] = 120.0
    assert codes(sent(matrix)) == set()
    matrix[-1] = matrix[-2]
    assert ("critical_value", "MDC_PULS_OXIM_SAT_O2") in codes(sent(matrix))


def test_successive_measurements_may_have_a_lost_cell_between_them() -> None:
    matrix = with_cells(SATURATION, -3, 71.0)
    matrix[-2, SATURATION], matrix[-1, SATURATION] = GAP, 72.0
    assert ("critical_value", "MDC_PULS_OXIM_SAT_O2") in codes(sent(matrix))


def test_a_filled_value_is_never_critical() -> None:
    matrix = with_cells(SATURATION, slice(-4, None), GAP)
    matrix[-4, SATURATION] = 45
    assert ("unusual_value", "MDC_PULS_OXIM_SAT_O2") in codes(sent(matrix))
    assert ("critical_value", "MDC_PULS_OXIM_SAT_O2") not in codes(sent(matrix))


def test_a_critical_sign_is_not_called_unusual_too() -> None:
    assert codes(sent(with_cells(SATURATION, slice(-2, None), 45))) == {("critical_value", "MDC_PULS_OXIM_SAT_O2")}


def test_a_critical_value_carries_its_figures_and_both_languages() -> None:
    matrix = with_cells(SATURATION, -2, 71.5)
    matrix[-1, SATURATION] = 70.0
    (found,) = warnings(sent(matrix))
    assert found.detail == "MDC_PULS_OXIM_SAT_O2: 71.5, 70 % in the last 3 instants; 80 or less is critical."
    assert found.detail_es == "MDC_PULS_OXIM_SAT_O2: 71,5; 70 % en los últimos 3 instantes; 80 o menos es crítico."
    assert found.figures == {"count": 2, "lowest": 70, "highest": 71.5, "rows": 3, "low": 80}


UNUSUAL = [
    (PERFUSION, 0.29, 0.3),
    (TEMPERATURE, 31.9, 32),
    (TEMPERATURE, 42.1, 42),
    (HEIGHT, 231, 230),
    (WEIGHT, 251, 250),
]


@pytest.mark.parametrize(("sign", "unusual", "usual"), UNUSUAL)
def test_a_value_beyond_the_usual_limits_is_kept_and_said(sign: int, unusual: float, usual: float) -> None:
    encounter = sent(with_cells(sign, -3, unusual))
    assert codes(encounter) == {("unusual_value", SIGN_NAMES[sign])}
    assert extract_window(encounter, WindowSpec()).raw[-3, sign] == unusual
    assert codes(sent(with_cells(sign, -3, usual))) == set()
    assert codes(sent(with_cells(sign, -4, unusual))) == set()


@pytest.mark.parametrize(("ectopy", "told"), [(28.0, set()), (29.0, {"unusual_value"})])
def test_more_premature_beats_than_beats_are_unusual(ectopy: float, told: set[str]) -> None:
    matrix = with_cells(ECTOPY, -1, ectopy)
    matrix[-1, [HEART_RATE, PULSE]] = 28.0
    assert {each.code for each in warnings(sent(matrix)) if each.sign == "MDC_ECG_V_P_C_RATE"} == told


@pytest.mark.parametrize("sign", range(9), ids=SIGN_NAMES)
def test_a_value_outside_the_hard_limits_is_dropped_and_one_at_them_is_kept(sign: int) -> None:
    low, high = SIGNS[sign].limits.hard
    for kept in (low, high):
        assert sent(with_cells(sign, 2, kept)).implausible == ()
    for dropped in (low - 0.01, high + 0.01, np.inf):
        encounter = sent(with_cells(sign, 2, dropped))
        assert ("implausible_value", SIGN_NAMES[sign]) in codes(encounter)
        assert not extract_window(encounter, WindowSpec()).measured[2, sign]


def test_the_words_of_implausible_say_how_many_and_when_last() -> None:
    (found,) = warnings(sent(with_cells(HEART_RATE, slice(2, 4), 351.0)))
    assert found.detail == (
        "MDC_ECG_HEART_RATE: 2 of its values in the window lay outside 0 to 350 /min and were dropped, "
        "the last at 2024-03-03 00:15:00."
    )
    assert found.figures == {"count": 2, "minutes": 80, "low": 0, "high": 350}


def test_an_implausible_value_is_past_with_its_window() -> None:
    assert codes(sent(with_cells(HEART_RATE, 9, 351.0, instants=30))) == set()
    assert codes(sent(with_cells(HEART_RATE, 10, 351.0, instants=30))) == {("implausible_value", "MDC_ECG_HEART_RATE")}


@pytest.mark.parametrize(("sign", "missing"), [(HEIGHT, 0.0), (WEIGHT, 0.0), (SATURATION, -100.0)])
def test_what_says_that_there_is_no_value_is_missing_and_not_implausible(sign: int, missing: float) -> None:
    encounter = sent(with_cells(sign, 3, missing))
    assert codes(encounter) == set()
    assert not extract_window(encounter, WindowSpec()).measured[3, sign]


@pytest.mark.parametrize("sign", [HEART_RATE, PULSE, RESPIRATION], ids=["heart rate", "pulse", "respiration"])
def test_zero_is_real_in_an_arrest(sign: int) -> None:
    matrix = with_cells(sign, slice(-2, None), 0.0)
    matrix[:, ECTOPY] = 0
    encounter = sent(matrix)
    assert (extract_window(encounter, WindowSpec()).raw[-2:, sign] == 0).all()
    arrest = {("asystole", SIGN_NAMES[sign])} if sign == HEART_RATE else set()
    assert codes(encounter) == {("critical_value", SIGN_NAMES[sign])} | arrest


def test_a_pulse_of_zero_beside_a_normal_heart_rate_is_critical_and_a_mismatch() -> None:
    pulse = "MDC_PULS_OXIM_PULS_RATE"
    assert {("critical_value", pulse), ("rate_mismatch", pulse)} <= codes(sent(with_cells(PULSE, slice(10, None), 0.0)))


@pytest.mark.parametrize(("gaps", "told"), [(4, False), (5, True)])
def test_a_quarter_of_a_signs_cells_filled_is_said(gaps: int, told: bool) -> None:  # noqa: FBT001
    found = warnings(sent(with_cells(RESPIRATION, slice(2, 2 + gaps), GAP)))
    assert [(each.code, each.sign) for each in found] == [("filled", "MDC_TTHOR_RESP_RATE")] * told
    assert all("5 of 20 values were filled; last measured at the window's end." in each.detail for each in found)


@pytest.mark.parametrize(("gaps", "told"), [(3, False), (4, True)])
def test_a_last_measurement_of_over_15_minutes_ago_is_said(gaps: int, told: bool) -> None:  # noqa: FBT001
    found = warnings(sent(with_cells(SATURATION, slice(-gaps, None), GAP)))
    assert [(each.code, each.sign) for each in found] == [("filled", "MDC_PULS_OXIM_SAT_O2")] * told


def test_the_words_of_filled_say_how_many_and_how_old() -> None:
    (found,) = warnings(sent(with_cells(SATURATION, slice(-9, None), GAP)))
    wanted = "MDC_PULS_OXIM_SAT_O2: 9 of 20 values were filled; last measured 45 minutes before the window's end."
    assert found.detail == wanted


@pytest.mark.parametrize(("hours", "told"), [(6, set()), (6.1, {("filled", "MDC_TEMP")})])
def test_a_temperature_is_old_after_six_hours(hours: float, told: set[tuple[str, str]]) -> None:
    matrix = steady(21)
    matrix[0, np.arange(9) != TEMPERATURE] = GAP
    matrix[1:, TEMPERATURE] = GAP
    minutes = np.r_[0, hours * 60 - 95 + 5 * np.arange(20)]
    assert codes(sent(matrix, minutes)) == told


@pytest.mark.parametrize(("rows", "gap", "told"), [(10, 21.0, True), (9, 21.0, False), (9, 20.0, False)])
def test_rates_that_differ_in_half_of_the_rows_are_a_mismatch(rows: int, gap: float, told: bool) -> None:  # noqa: FBT001
    matrix = steady()
    matrix[:rows, PULSE] = matrix[:rows, HEART_RATE] - gap
    assert codes(sent(matrix)) == ({("rate_mismatch", "MDC_PULS_OXIM_PULS_RATE")} if told else set())


def test_rows_where_only_one_rate_was_measured_do_not_count() -> None:
    matrix = steady()
    matrix[:8, PULSE] -= 40
    assert codes(sent(matrix)) == set()
    matrix[8:12, HEART_RATE] = GAP
    assert codes(sent(matrix)) == {("rate_mismatch", "MDC_PULS_OXIM_PULS_RATE")}  # 8 of 16


@pytest.mark.parametrize("sign", range(9), ids=SIGN_NAMES)
def test_two_readings_of_one_instant_may_lie_apart_by_a_monitors_noise(sign: int) -> None:
    encounter, apart, value = sent(steady()), SIGNS[sign].limits.apart, steady()[5, sign]
    assert codes(twice(encounter, sign, value + apart, row=5)) == set()
    conflict = {("conflicting_values", SIGN_NAMES[sign])}
    far = {HEIGHT: apart + 0.1, WEIGHT: apart + 0.1, TEMPERATURE: 4 * apart}.get(sign, 3 * apart)
    below = value - far if sign in {SATURATION, HEIGHT} else value + far  # inside the limits
    assert codes(twice(encounter, sign, below, row=5)) == conflict
    for row in range(3, 7):
        encounter = twice(encounter, sign, steady()[row, sign] - apart - 0.1 * (sign not in {HEIGHT, WEIGHT}), row)
    assert codes(encounter) == set()
    assert codes(twice(encounter, sign, steady()[7, sign] - apart - 0.1, row=7)) == conflict


@pytest.mark.parametrize("sign", [HEIGHT, WEIGHT], ids=["height", "weight"])
def test_what_is_entered_has_no_noise(sign: int) -> None:
    apart, value = SIGNS[sign].limits.apart, steady()[5, sign]
    assert codes(twice(sent(steady()), sign, value + apart, row=5)) == set()
    assert codes(twice(sent(steady()), sign, value + apart + 0.1, row=5)) == {("conflicting_values", SIGN_NAMES[sign])}


def test_what_a_sign_changes_by_from_row_to_row_is_no_conflict() -> None:
    matrix = steady()
    matrix[::2, [HEART_RATE, PULSE]] += 12.0  # as in fibrillation
    encounter = sent(matrix)
    for row in (1, 3, 5, 7):
        encounter = twice(encounter, HEART_RATE, 100.0, row)
    assert codes(encounter) == set()


def test_a_conflict_before_the_window_is_past() -> None:
    assert codes(twice(sent(steady(30)), TEMPERATURE, 39.0, row=9)) == set()
    assert codes(twice(sent(steady(30)), TEMPERATURE, 39.0, row=10)) == {("conflicting_values", "MDC_TEMP")}


@pytest.mark.parametrize(("step", "told"), [(2.5, False), (2.4, True), (10.0, False), (10.1, True)])
def test_a_step_of_under_half_or_over_twice_the_models_is_irregular(step: float, told: bool) -> None:  # noqa: FBT001
    minutes = np.cumsum(np.r_[0, [5.0] * 9, step, [5.0] * 9])
    assert codes(sent(steady(), minutes)) == ({("irregular_sampling", None)} if told else set())


@pytest.mark.parametrize("sign", [HEIGHT, WEIGHT], ids=["height", "weight"])
@pytest.mark.parametrize("missing", [GAP, 0.0])
def test_a_height_or_weight_that_is_missing_or_zero_was_not_entered(sign: int, missing: float) -> None:
    assert codes(sent(with_cells(sign, slice(None), missing))) == {("not_entered", SIGN_NAMES[sign])}


@pytest.mark.parametrize(("sign", "small", "adult"), [(HEIGHT, 119, 120), (WEIGHT, 29.9, 30)])
def test_a_small_patient_is_no_adult(sign: int, small: float, adult: float) -> None:
    assert codes(sent(with_cells(sign, slice(None), small))) == {("not_adult", SIGN_NAMES[sign])}
    assert codes(sent(with_cells(sign, slice(None), adult))) == set()


@pytest.mark.parametrize(("minutes", "told"), [(15, False), (15.1, True)])
def test_a_row_that_is_newer_than_the_window_makes_it_stale(minutes: float, told: bool) -> None:  # noqa: FBT001
    newest = START + 95 * MINUTE + np.timedelta64(int(minutes * 60_000_000), "us")
    assert codes(replace(sent(steady()), newest=newest)) == ({("stale", None)} if told else set())


def test_an_unknown_unit_is_named_with_what_its_values_were_taken_for() -> None:
    (found,) = warnings(replace(sent(steady()), unknown=(UnknownUnit(TEMPERATURE, "MDC_DIM_ODD", START),)))
    assert (found.code, found.sign) == ("unknown_unit", "MDC_TEMP")
    assert found.detail == "MDC_TEMP: the unit 'MDC_DIM_ODD' is not known; the values were taken for °C."


def test_warnings_do_not_depend_on_the_models_order_of_signs() -> None:
    matrix = with_cells(SATURATION, slice(-9, None), 70)
    matrix[:6, RESPIRATION] = GAP
    encounter = sent(matrix)
    assert warnings(encounter, WindowSpec(signs=tuple(reversed(SIGN_NAMES)))) == warnings(encounter)


def test_each_sign_has_its_place() -> None:
    assert [INDEX_BY_NAME[name] for name in SIGN_NAMES] == list(range(9))
