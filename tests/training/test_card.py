"""The card of a trained model: each heading of every card, filled with what the training knows."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import pytest

from fcv_api.domain.window import WindowSpec
from fcv_api.lstm.card import HEADINGS
from fcv_api.training.about import About, Provenance
from fcv_api.training.calibration import calibration_warnings
from fcv_api.training.card import written_card
from fcv_api.training.dataset import Horizon, cut_windows
from fcv_api.training.simulate import cohort_of, simulate
from fcv_api.training.split import class_mix, worst_states


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    """Return the summary of a training on thirty simulated stays, a site for each second one, without its network."""
    cohort = cohort_of(simulate(30, 5))
    cohort.sites.update({each.id: "Norte" for each in cohort.encounters[::2]})
    windows = cut_windows(cohort, WindowSpec(), Horizon(every=6))
    known = Provenance.of(cohort, windows, WindowSpec(), Horizon(every=6))
    mix = class_mix(windows, worst_states(cohort))
    about = About("Nurses of the cardiac unit.", "Dr. Eva Ruiz", date(2027, 6, 1)).as_json()
    return {
        "model": "ours/1.0.0",
        "trained_on": "hospital",
        "scaling": "window",
        "horizon_minutes": 30.0,
        "recipe": {},
        "train": mix,
        "validation": mix,
        "epochs": 1,
        "about": about,
        "flow": [asdict(row) for row in known.flow],
        "predictors": [asdict(each) for each in known.predictors],
        "warnings": calibration_warnings(windows),
        "calibration": {"temperature": 1.0, "log_loss_before": 0.2, "log_loss_after": 0.1},
    }


def sections(card: str) -> dict[str, str]:
    """Return a card's texts by their headings."""
    parts = [part.partition("\n") for part in card.split("\n## ")[1:]]
    return {heading: text.strip() for heading, _, text in parts}


def test_a_trained_models_card_has_every_heading_in_order_and_a_text_under_each(summary: dict[str, Any]) -> None:
    found = sections(written_card(summary))
    assert list(found) == [heading for heading, _ in HEADINGS]
    assert all(found.values())


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Intended use", "Nurses of the cardiac unit."),
        ("Outcome definition", "at most 30 minutes after its end"),
        ("Inclusion flow", "| kept | none_of_these | Norte |"),
        ("Event rate", "| cardiac_arrest |"),
        ("Missing data", "| MDC_TEMP |"),
        ("Predictor ranges", "| MDC_PULS_OXIM_SAT_O2 | MDC_DIM_PERCENT |"),
        ("Subgroups", "Norte: 1"),
        ("Operating point and burden", "no threshold"),
        ("Limits", "under 50 windows of 20 patients"),
        ("Monitoring triggers", "0.67 to 1.5"),
        ("Owner, date and expiry", "Owner: Dr. Eva Ruiz. Trained on 20"),
        ("Owner, date and expiry", "Expires on 2027-06-01"),
    ],
)
def test_what_the_training_knows_stands_under_its_heading(summary: dict[str, Any], heading: str, words: str) -> None:
    assert words in sections(written_card(summary))[heading]


def test_a_card_expires_in_a_year_where_nobody_says() -> None:
    about = About().as_json()
    assert (date.fromisoformat(about["expires"]) - date.fromisoformat(about["date"])).days == 365
