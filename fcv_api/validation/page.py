"""A validation for eyes: one HTML file that begins with a picture and one sentence."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import orjson
from matplotlib.figure import Figure

from fcv_api.training.report import STYLE, html_table, inline, write_both
from fcv_api.training.report_members import ILL
from fcv_api.validation.cells import CANNOT, words
from fcv_api.validation.sentence import sentence
from fcv_api.validation.tables import tables

Members = dict[str, Any]
PRINTED = (
    "@media print{body{margin:0;max-width:none;font-size:9px}td,th{padding:.1rem .3rem}"
    "tr,img{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}}"
)
PHONE = "table{display:block;overflow-x:auto;width:max-content;max-width:100%}td,th{text-align:left}"
COLOURS = ("#0072B2", "#999999", "#CC79A7", "#E69F00")
"""Okabe and Ito's: told apart by colour-blind readers too."""


def write_validation(folder: Path, report: Members, notes: tuple[str, ...]) -> tuple[Path, Path]:
    """Write the page and the JSON, each whole or not at all; return both paths. notes: what must be known first."""
    data = orjson.dumps(report | {"notes": notes}, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    known = orjson.loads(data)
    return write_both(folder, _page(known), data)


def _page(report: Members) -> str:
    title = f"Does {escape(report['model'])} work here?"
    english, spanish = sentence(report)
    data = report["data"]
    over = (
        f"{data['patients']} patients, {data['encounters']} stays and {data['windows']} windows from {data['first']} "
        f"to {data['last']}; origin: {data['origin']}. {_split(report['split'])} Intervals are 95 %, over patients; "
        "of a kind of patient who is not here they cannot know. docs/validate.md defines each figure."
    )
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{title}</title><style>{STYLE}{PHONE}{PRINTED}</style><h1>{title}</h1>",
        f'<img alt="{escape(english)}" src="{inline(_first_picture(report))}">',
        f"<p><strong>{escape(english)}</strong></p><p lang=es><strong>{escape(spanish)}</strong></p>",
        *(f"<p><strong>{escape(note)}</strong></p>" for note in report["notes"]),
        f"<p>{escape(over)}</p>",
        *_tables_and_curves(report),
    ]
    return "\n".join(parts)


def _split(split: Members) -> str:
    if split["at"] is None:
        return "Nothing was split."
    return f"Measured on stays that began from {split['at']} on; what came before was for baselines and a refit."


def _tables_and_curves(report: Members) -> list[str]:
    """Return the tables in their order, the reliability curves after the figures of calibration."""
    parts = []
    for table in tables(report):
        parts.append(html_table(*table))
        if table[0].startswith("Calibration") and report["calibration"]:
            parts.append(f'<img alt="Reliability curves" src="{inline(_reliability(report))}">')
    return parts


def _first_picture(report: Members) -> Figure:
    """Draw how well each state is told apart, beside the baselines; in words where it cannot be answered."""
    scorers = {report["model"]: report["discrimination"]} | {
        name: each["discrimination"] for name, each in report["baselines"].items()
    }
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panel = figure.subplots()
    for row, state in enumerate(ILL):
        if state not in report["discrimination"]:
            panel.text(0.75, row, f"{CANNOT} ({report['events'][state]} events)", ha="center", va="center")
            continue
        for number, (name, own) in enumerate(scorers.items()):
            area, at = own[state]["auroc"], row + (number - 1.5) * 0.17
            panel.plot([area["low"], area["high"]], [at, at], color=COLOURS[number % 4], linewidth=2)
            panel.plot(area["value"], at, "o", color=COLOURS[number % 4], label=name if row == _first(report) else None)
    panel.axvline(0.5, color="0.7", linewidth=1)
    panel.set_yticks(range(len(ILL)), [f"{words(state)}\n{report['events'][state]} events" for state in ILL])
    panel.set(
        xlim=(0.45, 1.0), ylim=(-0.6, len(ILL) - 0.4), xlabel="AUROC: 0.5 is chance, 1 is perfect (95 % interval)"
    )
    panel.invert_yaxis()
    if any(state in report["discrimination"] for state in ILL):
        figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    return figure


def _first(report: Members) -> int:
    """Return the first row that has figures."""
    return next((row for row, state in enumerate(ILL) if state in report["discrimination"]), 0)


def _reliability(report: Members) -> Figure:
    states = list(report["calibration"])
    figure = Figure(figsize=(4 * len(states), 3.4), layout="constrained")
    for panel, state in zip(figure.subplots(1, len(states), squeeze=False)[0], states, strict=True):
        bins = report["calibration"][state]["reliability"]
        panel.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        panel.plot([each["said"] for each in bins], [each["seen"] for each in bins], marker="o", color=COLOURS[0])
        panel.set(title=words(state), xlabel="Probability said", ylabel="Frequency seen", xlim=(0, 1), ylim=(0, 1))
    return figure
