"""The pictures of a report, drawn from an evaluation's figures alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from fcv_api.training.discrimination import NAMES

Scorers = dict[str, Any]
WORDS = {
    "recall": "Sensitivity",
    "false_positives": "1 - specificity",
    "precision": "Positive predictive value",
}


def curves(scorers: Scorers, across: str, up: str) -> Figure:
    """Draw a panel a class, a line a scorer. across, up: two keys of a scorer's `curves`."""
    figure = Figure(figsize=(12, 3.4), layout="constrained")
    panels = figure.subplots(1, len(NAMES), sharey=True)
    for panel, name in zip(panels, NAMES, strict=True):
        for scorer, each in scorers.items():
            panel.plot(each["curves"][name][across], each["curves"][name][up], label=scorer, linewidth=1.2)
        panel.set(title=name, xlabel=WORDS[across], xlim=(0, 1), ylim=(0, 1.02))
    panels[0].set_ylabel(WORDS[up])
    panels[-1].legend(fontsize=6)
    return figure


def calibration(scorers: Scorers) -> Figure:
    """Draw how often each class came, by how probable it was said to be, on the scale of rare classes."""
    figure = Figure(figsize=(12, 3.4), layout="constrained")
    for panel, name in zip(figure.subplots(1, len(NAMES)), NAMES, strict=True):
        panel.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for scorer, each in scorers.items():
            if "calibration" in each:
                bins = each["calibration"]["by_state"][name]["reliability"]
                said, seen = ([each[key] for each in bins] for key in ("said", "seen"))
                panel.plot(said, seen, marker="o", markersize=3, linewidth=1, label=scorer)
        panel.set(title=name, xlabel="Probability said", ylabel="Frequency seen", xlim=(0, 1), ylim=(0, 1))
        panel.legend(fontsize=6)
    return figure


def confusion(counts: list[list[int]]) -> Figure:
    """Draw a confusion matrix, each row as shares of its label's windows."""
    table = np.array(counts, dtype=np.float64)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(6, 5), layout="constrained")
    panel = figure.subplots()
    panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*table.shape):
        dark = "white" if shares[row, column] > 0.5 else "black"  # noqa: PLR2004 - half of the colour scale
        panel.text(
            column, row, f"{table[row, column]:.0f}\n{shares[row, column]:.0%}", ha="center", va="center", c=dark
        )
    panel.set_xticks(range(len(NAMES)), NAMES, rotation=20)
    panel.set_yticks(range(len(NAMES)), NAMES)
    panel.set(xlabel="Most probable state", ylabel="State at the horizon")
    return figure


def alarms(scorers: Scorers) -> Figure:
    """Draw the share of onsets found at each rate of alarms, a bar a scorer."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    panel = figure.subplots()
    width = 0.8 / len(scorers)
    for number, (name, each) in enumerate(scorers.items()):
        places = np.arange(len(each["alarms"])) + number * width
        panel.bar(places, [at["sensitivity"] for at in each["alarms"]], width, label=name)
    rates = [at["at_most"] for at in next(iter(scorers.values()))["alarms"]]
    panel.set_xticks(np.arange(len(rates)) + 0.4 - width / 2, [f"{rate:g}" for rate in rates])
    panel.set(xlabel="Alarms per patient-hour, at most", ylabel="Share of onsets found", ylim=(0, 1))
    panel.legend(fontsize=7)
    return figure


def lead_times(scorers: Scorers) -> Figure:
    """Draw the minutes from the first alarm to the onset at the highest rate of alarms, a box a scorer."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    panel = figure.subplots()
    panel.boxplot([each["alarms"][-1]["leads"] for each in scorers.values()], orientation="horizontal")
    panel.set_yticks(range(1, len(scorers) + 1), list(scorers))
    rate = next(iter(scorers.values()))["alarms"][-1]["at_most"]
    panel.set_xlabel(f"Minutes from the first alarm to the onset, at {rate:g} alarms per patient-hour")
    return figure
