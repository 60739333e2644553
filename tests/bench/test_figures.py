"""Figures of a run: medians, ratios within one round, and what was wanted."""

from __future__ import annotations

from typing import Any

import pytest

from bench.contest import figures
from bench.contest.figures import Aim


def rounds(*rates: float) -> dict[str, list[Any]]:
    """Give what a contender reached in some rounds."""
    return {"real/8": [{"rate": rate, "errors": number} for number, rate in enumerate(rates)]}


def test_a_ratio_is_of_what_ran_in_one_round() -> None:
    samples = {"ours": rounds(100, 10, 40), "thesis": rounds(50, 5, 20)}
    assert figures.against_ours(samples, "thesis", "real") == 0.5


def test_what_was_not_measured_has_no_median() -> None:
    assert figures.middle({"ours": rounds(1, 3, 2)}, "ours", "real/8", "rate") == 2
    assert figures.middle({"ours": rounds(1)}, "ours", "minimal/8", "rate") is None


def test_the_noise_is_how_the_floor_differs_from_itself() -> None:
    samples = {"floor": rounds(10, 10, 10), "floor-again": rounds(9, 10, 12)}
    assert figures.noise(samples, "real") == (1.0, 0.9, 1.2)


def test_errors_are_counted_over_all_rounds() -> None:
    assert figures.errors({"ours": rounds(1, 1, 1)}, "ours", "real") == 3


@pytest.mark.parametrize(("most", "met"), [(False, (True, False)), (True, (False, True))])
def test_an_aim_is_met_at_least_or_at_most(most: bool, met: tuple[bool, bool]) -> None:  # noqa: FBT001
    assert Aim("throughput", (21.0, 19.0), (20, 20), most).met == met
