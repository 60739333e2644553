"""The window: what reaches the model, against pandas and scikit-learn."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from strategies import Request, pivot_with_pandas, requests, window_with_pandas

from fcv_api.domain.encounter import Encounter, backward_fill, forward_fill, pivot
from fcv_api.domain.errors import MissingSigns, TooFewInstants, WindowSpan
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGN_NAMES, SIGNS, Sign
from fcv_api.domain.window import WindowSpec, extract_window
from fcv_api.wire.encounter import EncounterSchema

BOGOTA = ZoneInfo("America/Bogota")
TEMPERATURE = INDEX_BY_NAME["MDC_TEMP"]
SATURATION = INDEX_BY_NAME["MDC_PULS_OXIM_SAT_O2"]
HEIGHT = INDEX_BY_NAME["MDC_LEN_BODY_ACTUAL"]


def read(request: Request) -> Encounter:
    rows: Encounter = EncounterSchema().load(request).read(BOGOTA)
    return rows


def measured(matrix: np.ndarray, minutes: np.ndarray | None = None) -> Encounter:
    """Make an encounter of a matrix, (instants, 9), with NaN where nothing was measured."""
    minutes = np.arange(len(matrix)) * 5 if minutes is None else minutes
    rows, signs = np.nonzero(~np.isnan(matrix))
    start = np.datetime64("2024-03-03T05:00:00", "us")
    instants = start + (minutes * 60_000_000)[rows].astype("timedelta64[us]")
    return Encounter(7, signs, matrix[rows, signs], instants, BOGOTA)


def vitals(instants: int) -> np.ndarray:
    """Make a matrix without gaps, (instants, 9), each cell a value of its own."""
    return np.arange(instants)[:, np.newaxis] + 100.0 * np.arange(1, len(SIGNS) + 1)


@settings(max_examples=60, deadline=None)
@given(requests())
def test_the_pivot_is_that_of_pandas(request: Request) -> None:
    instants, values = pivot(read(request))
    table = pivot_with_pandas(request)
    local = pd.DatetimeIndex(table.index).tz_localize(BOGOTA).tz_convert(None).to_numpy().astype("datetime64[us]")
    np.testing.assert_array_equal(instants, local)
    np.testing.assert_allclose(values, table.to_numpy(), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(requests())
def test_the_filled_window_is_that_of_pandas(request: Request) -> None:
    window = extract_window(read(request), WindowSpec())
    np.testing.assert_allclose(window.raw, window_with_pandas(request).to_numpy(), rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(requests(instants=12))
def test_a_model_of_twelve_instants_gets_twelve(request: Request) -> None:
    window = extract_window(read(request), WindowSpec(instants=12))
    np.testing.assert_allclose(window.raw, window_with_pandas(request, 12).to_numpy(), rtol=1e-12)


def test_only_the_last_20_instants_are_kept() -> None:
    matrix = vitals(33)
    window = extract_window(measured(matrix), WindowSpec())
    np.testing.assert_array_equal(window.raw, matrix[-20:])


def test_a_gap_is_filled_from_before_the_window() -> None:
    matrix = vitals(30)
    matrix[10:13, SATURATION] = np.nan
    window = extract_window(measured(matrix), WindowSpec())
    assert (window.raw[:3, SATURATION] == matrix[9, SATURATION]).all()
    assert not window.measured[:3, SATURATION].any()


def test_a_gap_at_the_top_of_the_history_is_filled_backward() -> None:
    matrix = vitals(20)
    matrix[:4, SATURATION] = np.nan
    window = extract_window(measured(matrix), WindowSpec())
    assert (window.raw[:4, SATURATION] == matrix[4, SATURATION]).all()


def test_a_value_is_never_filled_backward_from_after_the_window_top_when_an_older_one_exists() -> None:
    matrix = vitals(30)
    matrix[8:15, TEMPERATURE] = np.nan
    window = extract_window(measured(matrix), WindowSpec())
    assert (window.raw[:5, TEMPERATURE] == matrix[7, TEMPERATURE]).all()


def test_the_columns_come_in_the_models_order() -> None:
    order = tuple(reversed(SIGN_NAMES))
    window = extract_window(measured(vitals(20)), WindowSpec(signs=order))
    np.testing.assert_array_equal(window.raw, vitals(20)[:, ::-1])


def test_nineteen_instants_are_refused_with_the_time_of_the_twentieth() -> None:
    with pytest.raises(TooFewInstants) as refusal:
        extract_window(measured(vitals(19)), WindowSpec())
    fact = refusal.value
    assert (fact.have, fact.need) == (19, 20)
    assert fact.ready_at == datetime(2024, 3, 3, 1, 35)  # noqa: DTZ001 - as sent: 05:00 UTC is 00:00 in Bogota


def test_an_encounter_without_measurements_is_refused() -> None:
    with pytest.raises(TooFewInstants, match="0 distinct instants"):
        extract_window(measured(np.full((25, 9), np.nan)), WindowSpec())


@pytest.mark.parametrize(("step", "accepted"), [(2.4, False), (2.5, True), (10.0, True), (10.1, False)])
def test_a_window_may_span_half_to_twice_the_models(step: float, accepted: bool) -> None:  # noqa: FBT001
    encounter = measured(vitals(20), minutes=np.arange(20) * step)
    if accepted:
        extract_window(encounter, WindowSpec())
    else:
        with pytest.raises(WindowSpan, match=f"median step {step} minutes"):
            extract_window(encounter, WindowSpec())


@pytest.mark.parametrize("sign", [sign for sign in SIGNS if not sign.static and not sign.carried], ids=lambda s: s.name)
def test_a_moving_sign_not_measured_in_the_window_is_refused(sign: Sign) -> None:
    index = SIGNS.index(sign)
    matrix = vitals(30)
    matrix[9:, index] = np.nan
    with pytest.raises(MissingSigns) as refusal:
        extract_window(measured(matrix), WindowSpec())
    (missing,) = refusal.value.signs
    assert missing.name == SIGN_NAMES[index]
    assert missing.last_measured == datetime(2024, 3, 3, 0, 40)  # noqa: DTZ001 - as sent


def test_all_signs_that_are_missing_are_named() -> None:
    matrix = vitals(20)
    matrix[:, [0, 1]] = np.nan
    with pytest.raises(MissingSigns, match=r"MDC_BLD_PERF_INDEX \(never measured\), MDC_ECG_HEART_RATE"):
        extract_window(measured(matrix), WindowSpec())


@pytest.mark.parametrize(("hours", "accepted"), [(5, True), (6, True), (6.1, False)])
def test_a_temperature_is_carried_from_up_to_six_hours_before_the_window(hours: float, accepted: bool) -> None:  # noqa: FBT001
    matrix = np.vstack([vitals(1), vitals(20)])
    matrix[0, np.arange(9) != TEMPERATURE] = np.nan
    matrix[1:, TEMPERATURE] = np.nan
    encounter = measured(matrix, np.r_[0, hours * 60 + 5 * np.arange(20)])
    if accepted:
        window = extract_window(encounter, WindowSpec())
        assert (window.raw[:, TEMPERATURE] == matrix[0, TEMPERATURE]).all()
    else:
        with pytest.raises(MissingSigns, match="MDC_TEMP"):
            extract_window(encounter, WindowSpec())


def test_a_static_sign_never_sent_is_not_a_number_in_the_raw_window() -> None:
    matrix = vitals(20)
    matrix[:, HEIGHT] = np.nan
    assert np.isnan(extract_window(measured(matrix), WindowSpec()).raw[:, HEIGHT]).all()


def test_a_static_sign_sent_once_long_ago_is_carried() -> None:
    matrix = vitals(150)
    matrix[1:, HEIGHT] = np.nan
    assert (extract_window(measured(matrix), WindowSpec()).raw[:, HEIGHT] == matrix[0, HEIGHT]).all()


def test_filling_leaves_a_column_without_measurements_alone() -> None:
    empty = np.full((4, 1), np.nan)
    assert np.isnan(forward_fill(empty)).all()
    assert np.isnan(backward_fill(empty)).all()
