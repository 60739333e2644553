"""What the signs of those who were learnt from were."""

from __future__ import annotations

import numpy as np
import pytest

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.domain.window import WindowSpec
from fcv_api.training.dataset import Cohort, Horizon, Label, cut_windows
from fcv_api.training.predictors import describe_predictors

START = np.datetime64("2024-03-03T00:00", "us")
HEIGHT, TEMPERATURE = INDEX_BY_NAME["MDC_LEN_BODY_ACTUAL"], INDEX_BY_NAME["MDC_TEMP"]


def test_a_signs_gaps_and_range_are_counted_over_those_who_gave_windows() -> None:
    instants, signs = np.divmod(np.arange(40 * len(SIGNS)), len(SIGNS))
    kept = (signs != HEIGHT) & ((signs != TEMPERATURE) | (instants % 4 == 0))
    times = START + instants * np.timedelta64(5, "m")
    stay = Encounter(1, signs[kept], np.where(signs == TEMPERATURE, 37.0, 60.0)[kept], times[kept])
    short = Encounter(2, signs[:9], np.full(9, 99.0), times[:9])
    labels = {number: Label(State.NONE_OF_THESE, None, str(number)) for number in (1, 2)}
    cohort = Cohort([stay, short], labels)
    found = describe_predictors(cohort, cut_windows(cohort, WindowSpec(), Horizon()))
    assert found[TEMPERATURE].missing == pytest.approx(0.75)
    assert found[TEMPERATURE].quantiles == (37.0,) * 5
    assert (found[HEIGHT].never, found[HEIGHT].missing, found[HEIGHT].quantiles) == (1, 1.0, ())
