"""Slots: denser rows as a model reads them, against a plain resample of pandas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from dense_rows import HEART_RATE, HEIGHT, MONITORS, SATURATION, TEMPERATURE, Monitor, encounter_of
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import MissingSigns, TooFewInstants, WindowSpan
from fcv_api.domain.samples import Sampling
from fcv_api.domain.slots import before_newest, in_slots, last_window_in_slots, on_the_clock, slot_ends
from fcv_api.domain.window import History, Window, WindowSpec, last_window

BOGOTA = ZoneInfo("America/Bogota")
SPEC, OF_MEANS = WindowSpec(), WindowSpec(sampling=Sampling.MEAN)
STEP = np.timedelta64(300_000_000, "us")
MINUTE = timedelta(minutes=1)
TEN = np.datetime64("2024-03-03T10:00:00", "us")


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Make rows of any density, many at the edges of slots and a microsecond beside them, some twice at one instant."""
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 300))
    minutes = np.sort(dice.uniform(0, draw(st.sampled_from([6, 90, 3000])), count))
    offsets = (minutes * 60_000_000).astype(np.int64)
    edges = dice.random(count) < 0.4
    offsets[edges] = offsets[edges] // 300_000_000 * 300_000_000 + dice.integers(-1, 2, edges.sum())
    times = pd.to_datetime(TEN.astype(np.int64) + offsets, unit="us").as_unit("us")
    table = pd.DataFrame({"sign": dice.integers(0, 9, count), "value": dice.uniform(20, 40, count), "time": times})
    twice = table[dice.random(count) < 0.2].assign(value=35.0)
    return pd.concat([table, twice], ignore_index=True).sample(frac=1, random_state=1)


def resampled(table: pd.DataFrame, origin: pd.Timestamp | str, sampling: Sampling = Sampling.LAST) -> pd.DataFrame:
    """Take the mean of each instant, then the last of each slot, or its mean."""
    pivot = table.pivot_table(index="time", columns="sign", values="value", aggfunc="mean").reindex(columns=range(9))
    slots = pivot.resample("300s", closed="right", label="right", origin=origin).agg(str(sampling))
    return slots.dropna(how="all")


@given(table=tables())
@settings(max_examples=70, deadline=None)
def test_slots_that_end_at_the_newest_instant_are_those_of_pandas(table: pd.DataFrame) -> None:
    history = History.of(encounter_of(table))
    slots = in_slots(history, slot_ends(history.instants, STEP, history.instants[-1]))
    wanted = resampled(table, table["time"].max())
    np.testing.assert_array_equal(slots.instants, wanted.index.to_numpy())
    np.testing.assert_allclose(slots.measured, wanted.to_numpy(), rtol=1e-12)
    np.testing.assert_allclose(slots.filled, wanted.ffill().to_numpy(), rtol=1e-12)


@given(table=tables(), late=st.integers(0, 600))
@settings(max_examples=70, deadline=None)
def test_slots_on_the_clock_are_those_of_pandas_without_the_one_that_has_not_ended(
    table: pd.DataFrame, late: int
) -> None:
    now = table["time"].max() - pd.Timedelta(seconds=late)
    slots = on_the_clock(History.of(encounter_of(table)), SPEC, now.to_datetime64())
    wanted = resampled(table, "epoch")
    wanted = wanted[wanted.index <= now]
    np.testing.assert_array_equal(slots.instants, wanted.index.to_numpy())
    np.testing.assert_allclose(slots.measured, wanted.to_numpy(), rtol=1e-12)


@given(table=tables())
@settings(max_examples=50, deadline=None)
def test_slots_of_means_are_those_of_pandas(table: pd.DataFrame) -> None:
    newest = table["time"].max()
    history = History.of(encounter_of(table))
    for slots, origin in (
        (before_newest(history, OF_MEANS), newest),
        (on_the_clock(history, OF_MEANS, (newest + STEP).to_datetime64()), "epoch"),
    ):
        wanted = resampled(table, origin, Sampling.MEAN)
        np.testing.assert_array_equal(slots.instants, wanted.index.to_numpy())
        np.testing.assert_allclose(slots.measured, wanted.to_numpy(), rtol=1e-12)
        np.testing.assert_allclose(slots.filled, wanted.ffill().to_numpy(), rtol=1e-12)


def test_the_mean_of_a_slot_with_one_value_is_that_value_to_the_last_bit() -> None:
    history = History.of(encounter_of(Monitor(timedelta(minutes=5)).table()))
    last, mean = (before_newest(history, spec) for spec in (SPEC, OF_MEANS))
    np.testing.assert_array_equal(mean.measured, last.measured)
    np.testing.assert_array_equal(mean.filled, last.filled)


@pytest.mark.parametrize(
    ("microseconds", "end"), [(0, 0), (1, 1), (299_999_999, 1), (300_000_000, 1), (300_000_001, 2)]
)
def test_a_slot_is_open_at_its_start_and_closed_at_its_end(microseconds: int, end: int) -> None:
    instant = TEN + np.timedelta64(microseconds, "us")
    assert slot_ends(np.array([instant]), STEP) == TEN + end * STEP


def test_two_values_of_one_instant_are_averaged_before_the_last_is_taken() -> None:
    instants = TEN + np.array([60, 120, 120]).astype("timedelta64[s]")
    encounter = Encounter(7, np.full(3, HEART_RATE), np.array([90.0, 60.0, 70.0]), instants)
    slots = on_the_clock(History.of(encounter), SPEC, TEN + STEP)
    assert slots.measured[:, HEART_RATE].tolist() == [65.0]


def test_a_history_without_an_instant_has_no_slots() -> None:
    history = History.of(encounter_of(Monitor(MINUTE).table()[:0]))
    assert len(on_the_clock(history, SPEC, TEN).instants) == 0


def in_window(table: pd.DataFrame) -> Window:
    """Cut the window of rows that are refused as they were sent."""
    history = History.of(encounter_of(table, BOGOTA))
    with pytest.raises(WindowSpan) as refusal:
        last_window(history, SPEC)
    return last_window_in_slots(history, SPEC, refusal.value)


@pytest.mark.parametrize("monitor", MONITORS.values(), ids=MONITORS)
def test_a_window_of_slots_ends_at_the_newest_instant_and_is_measured_throughout(monitor: Monitor) -> None:
    table = monitor.table()
    window = in_window(table)
    assert window.end == table["time"].max().tz_localize(UTC).to_pydatetime()
    assert (np.diff(window.instants) == STEP).all()
    moving = [sign not in monitor.once for sign in range(9)]
    assert window.measured[:, moving].mean() >= 0.98
    assert not np.isnan(window.raw).any()  # height and weight were charted once, before the window


def test_the_ends_are_said_by_the_wall_clock_of_the_sender() -> None:
    window = in_window(MONITORS["a row a minute"].table())
    assert window.last == datetime(2024, 3, 3, 3, 59, 41, 250)  # noqa: DTZ001 - as sent: 08:59 UTC
    assert window.last - window.first == timedelta(minutes=95)


def test_a_sign_is_as_old_as_its_measurement_and_not_as_its_slot() -> None:
    table = MONITORS["a row a minute"].table()
    newest = table["time"].max()
    table = table[(table["sign"] != SATURATION) | (table["time"] <= newest - 6 * MINUTE)]
    window = in_window(table)
    assert window.end.replace(tzinfo=None) - window.last_measured[SATURATION].item() == 6 * MINUTE


def test_the_columns_of_slots_come_in_the_models_order() -> None:
    table = MONITORS["a row a minute"].table()
    signs = tuple(reversed(SPEC.signs))
    history = History.of(encounter_of(table))
    with pytest.raises(WindowSpan) as refusal:
        last_window(history, SPEC)
    window, other = (last_window_in_slots(history, spec, refusal.value) for spec in (SPEC, WindowSpec(signs=signs)))
    np.testing.assert_array_equal(window.raw, other.raw[:, ::-1])
    np.testing.assert_array_equal(window.last_measured, other.last_measured[::-1])


def test_too_few_slots_say_how_many_and_when_there_will_be_enough() -> None:
    with pytest.raises(TooFewInstants, match="fill 9 slots of 5 minutes; the model reads 20") as refusal:
        in_window(Monitor(MINUTE, minutes=41).table())
    fact = refusal.value
    assert (fact.have, fact.need) == (9, 20)
    assert fact.ready_at == datetime(2024, 3, 3, 1, 35, 41, 250)  # noqa: DTZ001 - 00:40 and eleven slots


def test_dense_rows_with_a_long_hole_are_too_long_and_not_too_dense() -> None:
    table = MONITORS["a row a minute"].table()
    hole = table["time"].max() - 30 * MINUTE
    early = table["time"] < hole
    table.loc[early, "time"] -= timedelta(hours=5)
    with pytest.raises(WindowSpan) as refusal:
        in_window(table)
    assert (refusal.value.too_dense, refusal.value.median_step) == (False, 5.0)


def test_a_short_hole_in_dense_rows_is_left_out() -> None:
    table = MONITORS["a row a minute"].table()
    newest = table["time"].max()
    ago = newest - table["time"]
    window = in_window(table[(ago < 30 * MINUTE) | (ago >= 50 * MINUTE)])
    assert np.diff(window.instants).max() == 5 * STEP
    assert window.end - window.instants[0].item().replace(tzinfo=UTC) == timedelta(minutes=115)


def test_a_missing_sign_is_named_with_the_instant_of_its_measurement() -> None:
    table = MONITORS["a row a minute"].table()
    table = table[(table["sign"] != SATURATION) | (table["time"] <= table["time"].max() - 102 * MINUTE)]
    with pytest.raises(MissingSigns) as refusal:
        in_window(table)
    (missing,) = refusal.value.signs
    assert missing.last_measured == datetime(2024, 3, 3, 2, 17, 41, 250)  # noqa: DTZ001 - 03:59:41 less 102 minutes


def test_a_sign_that_was_never_measured_is_missing_without_a_time() -> None:
    table = MONITORS["a row a minute"].table()
    with pytest.raises(MissingSigns, match="never measured"):
        in_window(table[table["sign"] != SATURATION])


def test_a_temperature_that_is_charted_slowly_is_carried() -> None:
    window = in_window(Monitor(MINUTE, once=(HEIGHT, TEMPERATURE)).table())
    assert len(set(window.raw[:, TEMPERATURE])) == 1
    assert not window.measured[:, TEMPERATURE].any()


def test_a_window_that_is_too_long_is_never_put_in_slots() -> None:
    history = History.of(encounter_of(Monitor(11 * MINUTE).table()))
    with pytest.raises(WindowSpan) as refusal:
        last_window(history, SPEC)
    with pytest.raises(WindowSpan) as again:
        last_window_in_slots(history, SPEC, refusal.value)
    assert again.value is refusal.value
