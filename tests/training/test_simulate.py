"""The simulator: seeded, coupled, and measured as on a ward."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.training.parameters import TABLE
from fcv_api.training.simulate import Stay, simulate

HEART_RATE, PULSE, SATURATION = (
    INDEX_BY_NAME[name] for name in ("MDC_ECG_HEART_RATE", "MDC_PULS_OXIM_PULS_RATE", "MDC_PULS_OXIM_SAT_O2")
)


@pytest.fixture(scope="module")
def stays() -> list[Stay]:
    """Give stays of all four states."""
    return list(simulate(200, seed=5))


def test_the_same_seed_gives_the_same_stays_whatever_their_count(stays: list[Stay]) -> None:
    again = list(simulate(3, seed=5))
    assert all(np.array_equal(a.values, b.values, equal_nan=True) for a, b in zip(again, stays, strict=False))
    assert all(np.array_equal(a.instants, b.instants) for a, b in zip(again, stays, strict=False))


def test_another_seed_gives_other_stays(stays: list[Stay]) -> None:
    other = next(simulate(1, seed=6))
    assert not np.array_equal(other.instants, stays[0].instants)


def test_all_four_courses_appear_and_only_a_healthy_one_has_no_onset(stays: list[Stay]) -> None:
    assert {stay.state for stay in stays} == set(State)
    assert all((stay.onset is None) == (stay.state is State.NONE_OF_THESE) for stay in stays)


def test_instants_ascend_and_lie_about_five_minutes_apart(stays: list[Stay]) -> None:
    steps = np.concatenate([np.diff(stay.instants) for stay in stays]) / np.timedelta64(1, "s")
    assert steps.min() > 0
    assert np.median(steps) == pytest.approx(300, abs=10)


def test_pulse_follows_heart_rate_and_saturation_is_clipped(stays: list[Stay]) -> None:
    healthy = np.concatenate([stay.values for stay in stays if stay.state is State.NONE_OF_THESE])
    both = healthy[~np.isnan(healthy[:, [HEART_RATE, PULSE]]).any(axis=1)]
    assert np.corrcoef(both[:, HEART_RATE], both[:, PULSE])[0, 1] > 0.8
    assert np.nanmax(healthy[:, SATURATION]) <= 100


def test_an_arrest_ends_without_a_pulse(stays: list[Stay]) -> None:
    minute = np.timedelta64(60, "s")
    arrests = [(stay, stay.onset) for stay in stays if stay.state is State.CARDIAC_ARREST and stay.onset is not None]
    after = [stay.values[stay.instants > onset + minute, PULSE] for stay, onset in arrests]
    assert arrests
    assert np.nanmax(np.concatenate(after)) <= 1


def test_every_parameter_says_what_it_means_and_where_it_comes_from() -> None:
    assert all(each.meaning and each.source and each.unit for each in TABLE.values())
    assert sum(each.value for name, each in TABLE.items() if name.startswith("mix.")) == pytest.approx(1)


def test_the_document_tables_every_parameter_as_it_is(root: Path) -> None:
    text = (root / "docs" / "simulator.md").read_text("utf-8")
    rows = [f"| `{name}` | {p.value:g} | {p.unit} | {p.meaning} | {p.source} |" for name, p in TABLE.items()]
    assert [line for line in text.splitlines() if re.match(r"\| `[a-z]", line)] == rows
