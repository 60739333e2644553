"""Warnings of a window of slots: a healthy patient draws none, and no danger between rows is lost."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from dense_rows import (
    ECTOPY,
    HEART_RATE,
    MONITORS,
    PERFUSION,
    PULSE,
    SATURATION,
    TEMPERATURE,
    WEIGHT,
    Monitor,
    encounter_of,
)
from fakes import FakeModel

from fcv_api import scoring
from fcv_api.domain.samples import Sampling
from fcv_api.domain.window import WindowSpec
from fcv_api.domain.words import ScoreWarning

MINUTE = timedelta(minutes=1)
BY_MINUTE = MONITORS["a row a minute"]
SLOTS = [("resampled", None)]


def warnings(table: pd.DataFrame) -> tuple[ScoreWarning, ...]:
    model = FakeModel(outputs=(0.05, 0.05, 0.85, 0.05))
    encounter = encounter_of(table, ZoneInfo("America/Bogota")).without_noise()
    return scoring.assess(encounter, model).or_raise().warnings


def codes(table: pd.DataFrame) -> list[tuple[str, str | None]]:
    return [(each.code, each.sign) for each in warnings(table)]


def ago(table: pd.DataFrame) -> pd.Series[timedelta]:
    past: pd.Series[timedelta] = table["time"].max() - table["time"]
    return past


def with_value(sign: int, value: float, minutes: float, monitor: Monitor = BY_MINUTE) -> pd.DataFrame:
    """Put one value of a sign so many minutes before the newest instant."""
    table = monitor.table()
    table.loc[(table["sign"] == sign) & (ago(table) == minutes * MINUTE), "value"] = value
    return table


@pytest.mark.parametrize("monitor", MONITORS.values(), ids=MONITORS)
@pytest.mark.parametrize("seed", range(5))
def test_a_healthy_patient_in_slots_draws_no_other_warning(monitor: Monitor, seed: int) -> None:
    assert codes(monitor.table(seed)) == SLOTS


def test_the_words_say_how_many_rows_instants_and_slots() -> None:
    (found,) = warnings(BY_MINUTE.table())
    assert found.detail == (
        "700 rows at 100 instants are denser than the model's steps; "
        "read were each sign's last values in 20 slots of 5 minutes."
    )


def test_the_words_of_a_model_that_reads_means_say_so() -> None:
    model = FakeModel(outputs=(0.05, 0.05, 0.85, 0.05), spec=WindowSpec(sampling=Sampling.MEAN))
    (found,) = scoring.assess(encounter_of(BY_MINUTE.table()), model).or_raise().warnings
    assert found.code == "resampled"
    assert found.detail.endswith("read was each sign's mean in 20 slots of 5 minutes.")


def with_values(sign: int, value: float, minutes: tuple[float, ...], monitor: Monitor = BY_MINUTE) -> pd.DataFrame:
    """Put a value of a sign at some times before the newest instant."""
    table = monitor.table()
    table.loc[(table["sign"] == sign) & ago(table).isin([each * MINUTE for each in minutes]), "value"] = value
    return table


@pytest.mark.parametrize("minutes", [0, 1, 4, 5, 7, 14])
def test_two_dangers_in_the_middle_of_one_of_the_last_three_slots_are_critical(minutes: int) -> None:
    found = warnings(with_values(SATURATION, 71.0, (minutes, minutes + 1)))
    assert [(each.code, each.sign) for each in found] == [("critical_value", "MDC_PULS_OXIM_SAT_O2"), *SLOTS]
    assert " in the last 3 slots; 80 or less is critical." in found[0].detail


@pytest.mark.parametrize("minutes", [0, 1, 4, 5, 7, 9])
def test_one_danger_in_the_middle_of_one_of_the_last_two_slots_is_unusual(minutes: int) -> None:
    found = warnings(with_value(SATURATION, 71.0, minutes))
    assert [(each.code, each.sign) for each in found] == [("unusual_value", "MDC_PULS_OXIM_SAT_O2"), *SLOTS]
    assert found[0].detail == (
        "MDC_PULS_OXIM_SAT_O2: 71 % once in the last 3 slots, which other values do not confirm; "
        "80 or less would be critical."
    )


def test_a_danger_before_the_last_slots_is_past() -> None:
    assert codes(with_value(SATURATION, 71.0, 11)) == SLOTS
    assert codes(with_values(SATURATION, 71.0, (15, 16))) == SLOTS


def test_a_danger_of_twenty_seconds_is_critical() -> None:
    table = with_values(HEART_RATE, 20.0, (7.5, 7.5 + 1 / 6), MONITORS["a row in ten seconds"])
    assert codes(with_values(HEART_RATE, 20.0, (7.5,), MONITORS["a row in ten seconds"]))[0][0] == "unusual_value"
    assert codes(table) == [("critical_value", "MDC_ECG_HEART_RATE"), *SLOTS]


def test_a_danger_is_found_where_the_sign_has_a_clock_of_its_own() -> None:
    table = MONITORS["signs a second apart"].table()
    table.loc[(table["sign"] == HEART_RATE) & (ago(table) < 8 * MINUTE), "value"] = 20.0
    assert codes(table)[0] == ("critical_value", "MDC_ECG_HEART_RATE")


def test_a_heart_that_stands_still_needs_no_pulse_at_its_own_second() -> None:
    table = MONITORS["signs a second apart"].table()
    table.loc[(table["sign"] == HEART_RATE) & (ago(table) < 3 * MINUTE), "value"] = 0.0
    assert [code for code, _ in codes(table)][:2] == ["asystole", "unusual_value"]  # the pulse went on
    table.loc[(table["sign"] == PULSE) & (ago(table) < 3 * MINUTE), "value"] = 0.0
    assert codes(table)[0] == ("critical_value", "MDC_ECG_HEART_RATE")


def test_an_unusual_value_in_the_middle_of_a_slot_is_said_once() -> None:
    found = warnings(with_value(TEMPERATURE, 31.0, 7))
    assert found[0].detail == "MDC_TEMP: 31 °C in the last 3 slots; usual is 32 to 42."
    assert [each.code for each in found] == ["unusual_value", "resampled"]


def test_more_premature_beats_than_beats_in_the_middle_of_a_slot_are_unusual() -> None:
    table = with_value(ECTOPY, 29.0, 7)
    table.loc[(table["sign"] == HEART_RATE) & (ago(table) == 7 * MINUTE), "value"] = 28.5
    assert ("unusual_value", "MDC_ECG_V_P_C_RATE") in codes(table)


def test_many_dangerous_values_are_told_as_a_range() -> None:
    table = BY_MINUTE.table()
    for minutes in range(12):
        table.loc[(table["sign"] == SATURATION) & (ago(table) == minutes * MINUTE), "value"] = 70.0 + minutes / 2
    found = warnings(table)[0]
    assert found.detail == "MDC_PULS_OXIM_SAT_O2: 70 to 75.5 % (12 values) in the last 3 slots; 80 or less is critical."


def test_a_small_patient_is_no_adult_in_slots_too() -> None:
    table = BY_MINUTE.table()
    table.loc[table["sign"] == WEIGHT, "value"] = 12.0
    assert codes(table) == [("not_adult", "MDC_MASS_BODY_ACTUAL"), *SLOTS]


@pytest.mark.parametrize(("minutes", "told"), [(15, False), (16, True)])
def test_a_sign_is_filled_by_the_age_of_its_measurement(minutes: int, told: bool) -> None:  # noqa: FBT001
    table = BY_MINUTE.table()
    found = warnings(table[(table["sign"] != SATURATION) | (ago(table) >= minutes * MINUTE)])
    assert [each.code for each in found] == ["filled"] * told + ["resampled"]
    assert all("3 of 20 values were filled; last measured 16 minutes before" in each.detail for each in found[:-1])


def test_a_temperature_that_is_charted_slowly_is_not_called_filled() -> None:
    table = BY_MINUTE.table()
    assert codes(table[(table["sign"] != TEMPERATURE) | (ago(table) == 231 * MINUTE)]) == SLOTS


def test_a_perfusion_that_never_moves_is_flat_in_all_slots() -> None:
    table = BY_MINUTE.table()
    table.loc[table["sign"] == PERFUSION, "value"] = 1.1
    found = warnings(table)
    assert [each.code for each in found] == ["flat_line", "resampled"]
    assert "1.1 % in all 20 slots." in found[0].detail


def test_a_hole_in_dense_rows_is_irregular() -> None:
    table = BY_MINUTE.table()
    found = warnings(table[(ago(table) < 30 * MINUTE) | (ago(table) >= 50 * MINUTE)])
    assert [each.code for each in found] == ["irregular_sampling", "resampled"]
    assert found[0].detail.startswith("1 of 19 steps between slots are under half or over twice")


def test_values_of_one_instant_conflict_and_those_of_one_slot_do_not() -> None:
    table = BY_MINUTE.table()
    one = table[(table["sign"] == HEART_RATE) & (ago(table) == 32 * MINUTE)].assign(value=120.0)
    assert codes(with_value(HEART_RATE, 120.0, 32)) == SLOTS
    found = warnings(pd.concat([table, one]))
    assert [each.code for each in found] == ["conflicting_values", "resampled"]
    assert "at 1 of 100 instants; the mean was used." in found[0].detail


def test_implausible_values_inside_slots_are_counted() -> None:
    assert codes(with_value(HEART_RATE, 999.0, 101)) == SLOTS
    assert codes(with_value(HEART_RATE, 999.0, 7)) == [("implausible_value", "MDC_ECG_HEART_RATE"), *SLOTS]
