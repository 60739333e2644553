"""Drift is told by the size of an effect, and by how sure it is over patients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.training.observed import Observed, Tally, reference_of
from fcv_api.validation.drift import DRIFT, LARGE_DRIFT, NONE_SEEN, UNTOLD, Finding, compare_with, stability_index

SATURATION = INDEX_BY_NAME["MDC_PULS_OXIM_SAT_O2"]


def ward(patients: int, seed: int, windows: int = 40) -> Observed:
    """Return windows of patients, each at a level of their own."""
    dice = np.random.default_rng(seed)
    levels = np.array([1.5, 85, 2, 170, 75, 85, 96, 37, 18]) + dice.normal(0, 1, (patients, 9)) * 2
    last = np.repeat(levels, windows, axis=0) + dice.normal(0, 0.5, (patients * windows, 9))
    gaps = dice.random((patients * windows, 9)) < 0.05
    return Observed(
        last.astype(np.float32),
        gaps,
        np.repeat(np.arange(patients), windows),
        np.full(patients, windows + 2.0),
        np.full(patients, 2.0),
    )


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return reference_of(ward(400, 1), {"from": "test"})


def of(findings: list[Finding], what: str, sign: str = "") -> Finding:
    return next(each for each in findings if each.what == what and (each.sign == sign or not sign))


def test_other_patients_of_the_same_kind_are_no_drift(reference: dict[str, Any]) -> None:
    found = [each.verdict for seed in range(2, 12) for each in compare_with(reference, ward(60, seed))]
    assert set(found) == {NONE_SEEN}


def test_a_shift_of_one_sign_is_found_and_no_other_sign_is_blamed(reference: dict[str, Any]) -> None:
    today = ward(60, 2)
    shifted = today.last.copy()
    shifted[:, SATURATION] -= 4
    found = compare_with(reference, replace(today, last=shifted))
    moved = of(found, "distribution", "MDC_PULS_OXIM_SAT_O2")
    assert (moved.verdict, moved.now < moved.reference) == (LARGE_DRIFT, True)
    assert {each.verdict for each in found if each != moved} == {NONE_SEEN}


def test_gaps_and_refusals_are_told_by_their_shares(reference: dict[str, Any]) -> None:
    today = ward(60, 3)
    found = compare_with(reference, replace(today, gaps=today.gaps | (today.last[:, :1] > 1), refused=today.asked / 2))
    assert of(found, "gaps", "MDC_PULS_OXIM_SAT_O2").verdict == DRIFT
    assert of(found, "refusals").verdict == DRIFT
    assert of(found, "refusals").value == pytest.approx(0.5 - 2 / 42, abs=1e-6)


def test_of_a_few_patients_nothing_can_be_told_however_many_windows_they_have(reference: dict[str, Any]) -> None:
    assert {each.verdict for each in compare_with(reference, ward(10, 4, windows=2000))} == {UNTOLD}


def test_the_index_is_the_sum_over_bins_of_the_difference_times_the_log_of_the_ratio() -> None:
    def tally(counts: list[float]) -> Tally:
        bins = np.zeros((1, 9, 10))
        bins[0, 0, : len(counts)] = counts
        return Tally(bins, np.zeros((1, 9)), *(np.full(1, 1e9) for _ in range(4)))

    p, q = np.array([0.2, 0.8]), np.array([0.5, 0.5])
    found = stability_index(tally((p * 1e6).tolist()), tally((q * 1e6).tolist()), 0)
    assert found[0] == pytest.approx(((p - q) * np.log(p / q)).sum(), rel=1e-3)


def test_a_reference_says_nothing_of_one_patient(reference: dict[str, Any]) -> None:
    assert len(reference["bins"]) == len(reference["windows"]) == 20
    assert sum(reference["patients"]) == 400
