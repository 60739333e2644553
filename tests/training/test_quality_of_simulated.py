"""An alarm that cries wolf is switched off: how often stable simulated patients draw a warning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import State
from fcv_api.domain.quality import inspect
from fcv_api.domain.window import History, WindowSpec, extract_window
from fcv_api.training.simulate import cohort_of, simulate

WINDOWS, A_STAY = 500, 5


def windows_of(encounter: Encounter) -> list[Encounter]:
    """Give what was known at some instants of a stay."""
    instants = History.of(encounter).instants
    ends = instants[np.linspace(19, len(instants) - 1, A_STAY).astype(int)]
    known = [encounter.instants <= end for end in ends]
    return [
        replace(encounter, signs=encounter.signs[k], values=encounter.values[k], instants=encounter.instants[k])
        for k in known
    ]


def test_at_most_one_in_twenty_windows_of_stable_patients_draws_a_warning() -> None:
    stable = [stay for stay in simulate(200, seed=5) if stay.state is State.NONE_OF_THESE][: WINDOWS // A_STAY]
    known = [each for stay in cohort_of(stable).encounters for each in windows_of(stay)]
    spec = WindowSpec()
    told = [inspect(each, extract_window(each, spec), spec) for each in known]
    assert len(told) == WINDOWS
    warned = [warnings for warnings in told if warnings]
    assert 0 < len(warned) <= WINDOWS * 0.05, warned
