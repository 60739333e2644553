"""The tables of a report: each a title, a head and rows of text, from an evaluation's figures alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from fcv_api.training.agreement import SAYS_SOMETHING
from fcv_api.training.burden import AHEAD, EVENT_RATES
from fcv_api.training.dataset import NONE
from fcv_api.training.discrimination import ILL, NAMES
from fcv_api.training.flow import flow_table

Scorers = dict[str, Any]
Table = tuple[str, list[str], list[list[str]]]
ILL_NAMES = [NAMES[place] for place in ILL]
HEADLINE = ["ill", *ILL_NAMES]


def tables(comparison: dict[str, Any]) -> list[Table]:
    """Return the tables of a report: who was measured and who was lost, where it is known, then the headline."""
    scorers = comparison["scorers"]
    return [
        *([("Patients, and what became of them", *flow_table(comparison["flow"]))] if "flow" in comparison else []),
        _windows(comparison["data"]),
        *(_areas(scorers, area) for area in ("auroc", "auprc")),
        _differences(comparison["differences"]),
        _found(scorers),
        _burden(scorers),
        *_probabilities(scorers),
        _leaving(scorers),
        _detection(scorers),
        _signs(comparison),
    ]


def shown(value: float | None) -> str:
    """Write a figure to three decimals, and `-` where there is none."""
    return "-" if value is None or np.isnan(value) else f"{value:.3f}"


def with_interval(figure: dict[str, float]) -> str:
    """Write a figure with its 95 % interval."""
    return f"{shown(figure['value'])} ({shown(figure['low'])} to {shown(figure['high'])})"


def headline(figures: dict[str, Any]) -> str:
    """Return one line: AUROC and AUPRC, the mean of the three ill states, of one scorer."""
    areas = ", ".join(f"{area.upper()} {with_interval(figures[area]['ill'])}" for area in ("auroc", "auprc"))
    return f"{areas}, mean of the three ill states"


def _windows(data: dict[str, Any]) -> Table:
    counts = ["windows", *(str(data["windows_ahead"][name]) for name in NAMES)]
    rates = ["share", *(f"{data['event_rate'][name]:.2%}" for name in NAMES)]
    title = f"Windows before an onset, by their label; {data['onsets_per_patient_day']:.2f} onsets a patient-day"
    return title, ["", *NAMES], [counts, rates]


def _areas(scorers: Scorers, area: str) -> Table:
    head = ["", "mean of the three", *ILL_NAMES, "any of them"]
    rows = [
        [name, *(with_interval(each[area][row]) for row in HEADLINE), _any_state(each, area)]
        for name, each in scorers.items()
    ]
    return f"{area.upper()} of the three ill states, one against the rest", head, rows


def _any_state(each: dict[str, Any], area: str) -> str:
    """Return the AUROC of any state; an AUPRC of *none of these* is near 1 whatever is said, and is not shown."""
    return with_interval(each[area][NAMES[NONE]]) if area == "auroc" else "-"


def _differences(differences: dict[str, Any]) -> Table:
    rows = [
        [f"{area.upper()}, {state.replace('ill', 'mean of the three')}", by_state[state]["verdict"]]
        for name, by_area in differences.items()
        for area, by_state in by_area.items()
        for state in HEADLINE
    ]
    return "The model beside each other scorer, on the same drawn patients", ["figure", "verdict"], rows


def _found(scorers: Scorers) -> Table:
    head = ["", "alarms/h at most", "onsets found", *ILL_NAMES, *(f"{least} minutes ahead" for least in AHEAD)]
    rows = [
        [
            name,
            f"{at['at_most']:g}",
            _counted(at["sensitivity_interval"]),
            *(_counted(at["sensitivity_by_state"][state]) for state in ILL_NAMES),
            *(_counted(at["found_ahead"][f"{least}"]) for least in AHEAD),
        ]
        for name, each in scorers.items()
        for at in each["alarms"]
    ]
    return "Onsets found by an alarm in the two hours before, of all and by state (Wilson's intervals)", head, rows


def _counted(part: dict[str, Any]) -> str:
    return f"{part['count']} of {part['of']}: {with_interval(part)}"


def _burden(scorers: Scorers) -> Table:
    at_rates = [f"PPV at {rate:g} onsets a patient-day" for rate in EVENT_RATES]
    head = ["", "alarms/h at most", "alarms a patient-day", "whole stays", "stays that ring", "lead, minutes", "PPV"]
    rows = [
        [
            name,
            f"{at['at_most']:g}",
            with_interval(at["drawn"]["alarms_per_patient_day"]),
            with_interval(at["whole_stays"]["alarms_per_patient_day"]),
            _counted(at["whole_stays"]["stays_that_ring"]),
            ", ".join(f"{minutes:.0f}" for minutes in at["lead_minutes"]) or "-",
            with_interval(at["drawn"]["ppv"]),
            *(with_interval(at["drawn"][f"ppv_at_{rate:g}_onsets_a_patient_day"]) for rate in EVENT_RATES),
        ]
        for name, each in scorers.items()
        for at in each["alarms"]
    ]
    return "Burden: before onsets, and over whole stays", [*head, *at_rates], rows


def _probabilities(scorers: Scorers) -> list[Table]:
    """Return a table a state: whether it comes as often as its probability says."""
    keys = ("observed_to_expected", "slope", "intercept", "brier_skill", "ece_from_0_05")
    head = ["", "observed to expected", "slope", "intercept", "Brier skill", f"ECE where p >= {SAYS_SOMETHING:g}"]
    return [
        (
            f"Calibration of {state}",
            [*head, "windows there"],
            [
                [name, *(shown(own[key]) for key in keys), str(own["windows_from_0_05"])]
                for name, each in scorers.items()
                if "calibration" in each
                for own in [each["calibration"]["by_state"][state]]
            ],
        )
        for state in ILL_NAMES
    ]


def _leaving(scorers: Scorers) -> Table:
    head = ["", "share of patient-hours", "sensitivity", "specificity", "PPV at 1 %", "PPV at 3 %", "PPV at 10 %"]
    rows = [
        [name, *(shown(own[key]) for key in ("share", "sensitivity", "specificity")), *map(shown, own["ppv"].values())]
        for name, each in scorers.items()
        if (own := each.get("leaves_none"))
    ]
    return "State, the most probable class, is another than none of these", head, rows


def _detection(scorers: Scorers) -> Table:
    keys = ("auroc", "leaves_none", "right_state")
    rows = [
        [name, str(each["detection"]["windows"]), *(shown(each["detection"].get(key)) for key in keys)]
        for name, each in scorers.items()
    ]
    head = ["", "windows", "AUROC against stays without onset", "State is not none of these", "State is right"]
    return "Detection: windows that end after the onset. Never part of the figures above", head, rows


def _signs(comparison: dict[str, Any]) -> Table:
    rows = [[name, shown(value)] for name, value in comparison["single_sign_ill_auroc"].items()]
    return "Mean AUROC of the three ill states by one sign's last value alone", ["sign", "AUROC"], rows
