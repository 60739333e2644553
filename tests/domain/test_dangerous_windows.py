"""What any nurse would call somebody for draws a warning, and what nobody should be called for draws none."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from conftest import FIXTURES
from made_up import DANGEROUS, QUIET, Change, encounter_of, window

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.quality import inspect
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import WindowSpec, extract_window
from fcv_api.settings import ROOT

WINDOWS = json.loads((FIXTURES / "dangerous_windows.json").read_text("utf-8"))["windows"]
SEEDS = range(8)


def codes(encounter: Encounter) -> list[tuple[str, str | None]]:
    spec = WindowSpec()
    return [(each.code, each.sign) for each in inspect(encounter, extract_window(encounter, spec), spec)]


@pytest.mark.parametrize("given", WINDOWS, ids=lambda given: given["name"])
def test_a_reviewers_window_speaks_unless_it_is_a_quiet_one(given: dict[str, object]) -> None:
    assert bool(codes(encounter_of(np.array(given["rows"], float)))) != given["quiet"]


@pytest.mark.parametrize("kind", DANGEROUS.values(), ids=DANGEROUS)
def test_a_dangerous_kind_speaks_whatever_its_noise(kind: tuple[Change, ...]) -> None:
    assert all(codes(window(kind, seed)) for seed in SEEDS)


@pytest.mark.parametrize("kind", QUIET.values(), ids=QUIET)
def test_a_quiet_kind_does_not(kind: tuple[Change, ...]) -> None:
    assert [codes(window(kind, seed)) for seed in SEEDS] == [[]] * len(SEEDS)


NAMED = {
    "arrest in the last row": ("critical_value", "MDC_ECG_HEART_RATE"),
    "arrest in the last row, and the oximeter has lost its signal": ("critical_value", "MDC_ECG_HEART_RATE"),
    "fibrillation of the ventricles": ("critical_value", "MDC_ECG_HEART_RATE"),
    "asystole 25 minutes ago": ("asystole", "MDC_ECG_HEART_RATE"),
    "electrical activity without a pulse": ("no_pulse", "MDC_PULS_OXIM_PULS_RATE"),
    "electrical activity without a signal": ("no_pulse", "MDC_PULS_OXIM_PULS_RATE"),
    "sustained bradycardia": ("level", "MDC_ECG_HEART_RATE"),
    "a slow pulse without an ECG": ("filled", "MDC_ECG_HEART_RATE"),
    "a temperature charted once": ("level", "MDC_TEMP"),
    "saturation falls": ("trend", "MDC_PULS_OXIM_SAT_O2"),
    "the heart speeds up": ("trend", "MDC_ECG_HEART_RATE"),
    "the heart slows down": ("trend", "MDC_ECG_HEART_RATE"),
    "the skin turns cold": ("trend", "MDC_BLD_PERF_INDEX"),
    "apnoea half an hour ago": ("past_danger", "MDC_TTHOR_RESP_RATE"),
    "a deep desaturation an hour ago": ("past_danger", "MDC_PULS_OXIM_SAT_O2"),
    "a pulse deficit": ("rate_mismatch", "MDC_PULS_OXIM_PULS_RATE"),
    "a ventilator and a frozen oximeter": ("flat_line", "MDC_TTHOR_RESP_RATE"),
    "full saturation and a frozen perfusion": ("flat_line", "MDC_PULS_OXIM_SAT_O2"),
    "a run of ventricular tachycardia an hour ago": ("past_danger", "MDC_ECG_HEART_RATE"),
    "two serious signs": ("several_signs", None),
    "cold, pale and fast": ("several_signs", None),
}


@pytest.mark.parametrize(("name", "wanted"), NAMED.items(), ids=NAMED)
def test_a_kind_is_called_by_its_name(name: str, wanted: tuple[str, str | None]) -> None:
    assert all(wanted in codes(window(DANGEROUS[name], seed)) for seed in SEEDS)


@pytest.mark.parametrize("document", ["docs/warnings.md", "docs/warnings.es.md"])
def test_the_documents_name_every_figure(document: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\|([^|]*)\|$", (ROOT / document).read_text("utf-8"), re.MULTILINE)
    named = {code: set(re.findall(r"`(\w+)`", figures)) for code, figures in rows}
    spec = WindowSpec()
    for kind in DANGEROUS.values():
        encounter = window(kind, seed=1)
        for each in inspect(encounter, extract_window(encounter, spec), spec):
            assert {name for name in each.figures if name not in SIGN_NAMES} <= named[each.code], each
            assert all(isinstance(value, float) for value in each.figures.values())
            assert each.detail != each.detail_es
