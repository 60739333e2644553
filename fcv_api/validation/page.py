"""A validation for eyes: one HTML file a language, which begins with a picture and one sentence."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import orjson
from matplotlib.figure import Figure

from fcv_api.training.report import STYLE, html_table, inline, write_both
from fcv_api.training.report_members import ILL
from fcv_api.validation.cells import CANNOT, words
from fcv_api.validation.sentence import opening, sentence
from fcv_api.validation.spanish import ENGLISH, LANGUAGES, in_language, table_in
from fcv_api.validation.tables import tables

Members = dict[str, Any]
PRINTED = (
    "@media print{body{margin:0;max-width:none;font-size:9px}td,th{padding:.1rem .3rem}"
    "table,tr,img{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}}"
)
PHONE = "table{display:block;overflow-x:auto;width:max-content;max-width:100%}td,th{text-align:left}"
AREA, SAID, SEEN = "AUROC: 0.5 is chance, 1 is perfect (95 % interval)", "Probability said", "Frequency seen"
COLOURS = ("#0072B2", "#999999", "#CC79A7", "#E69F00")
"""Okabe and Ito's: distinct for colour-blind readers too."""


def write_validation(folder: Path, report: Members, notes: tuple[str, ...]) -> tuple[Path, Path]:
    """Write the page and the JSON, each whole or not at all; return both paths. notes: what must be known first.

    The page in Spanish lies beside them, as `report.es.html`.
    """
    data = orjson.dumps(report | {"notes": notes}, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    known = orjson.loads(data)
    english, spanish = (_page(known, language) for language in LANGUAGES)
    return write_both(folder, english, data, spanish)


def _page(report: Members, language: str) -> str:
    title, over = (escape(text) for text in opening(report, language))
    both = sentence(report)
    own, other = both if language == ENGLISH else both[::-1]
    file, name, code = (
        ("report.es.html", "En español", "es") if language == ENGLISH else ("report.html", "In English", "en")
    )
    parts = [
        f"<!doctype html><html lang={language}><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{title}</title><style>{STYLE}{PHONE}{PRINTED}</style><h1>{title}</h1>",
        f'<img alt="{escape(own)}" src="{inline(_first_picture(report, language))}">',
        f"<p><strong>{escape(own)}</strong></p><p lang={code}><strong>{escape(other)}</strong></p>",
        f'<p lang={code}><a href="{file}">{name}</a></p>',
        *(f"<p><strong>{escape(in_language(note, language))}</strong></p>" for note in report["notes"]),
        f"<p>{over}</p>",
        *_tables_and_curves(report, language),
    ]
    return "\n".join(parts)


def _tables_and_curves(report: Members, language: str) -> list[str]:
    """Return the tables in their order, the reliability curves after the figures of calibration."""
    parts = []
    for table in tables(report):
        parts.append(html_table(*table_in(table, language)))
        if table[0].startswith("Calibration") and report["calibration"]:
            alt = in_language("Reliability curves", language)
            parts.append(f'<img alt="{alt}" src="{inline(_reliability(report, language))}">')
    return parts


def _first_picture(report: Members, language: str) -> Figure:
    """Draw how well each state is discriminated, beside the baselines; in words where it cannot be answered."""
    scorers = {report["model"]: report["discrimination"]} | {
        in_language(name, language): each["discrimination"] for name, each in report["baselines"].items()
    }
    names = {state: in_language(f"{words(state)} ({report['events'][state]} events)", language) for state in ILL}
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panel = figure.subplots()
    for row, state in enumerate(ILL):
        if state not in report["discrimination"]:
            panel.text(0.75, row, in_language(CANNOT, language), ha="center", va="center")
            continue
        for number, (name, own) in enumerate(scorers.items()):
            area, at = own[state]["auroc"], row + (number - 1.5) * 0.17
            panel.plot([area["low"], area["high"]], [at, at], color=COLOURS[number % 4], linewidth=2)
            panel.plot(area["value"], at, "o", color=COLOURS[number % 4], label=name if row == _first(report) else None)
    panel.axvline(0.5, color="0.7", linewidth=1)
    panel.set_yticks(range(len(ILL)), [name.replace(" (", "\n(") for name in names.values()])
    panel.set(xlim=(0.45, 1.0), ylim=(-0.6, len(ILL) - 0.4), xlabel=in_language(AREA, language))
    panel.invert_yaxis()
    if any(state in report["discrimination"] for state in ILL):
        figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    return figure


def _first(report: Members) -> int:
    """Return the first row that has figures."""
    return next((row for row, state in enumerate(ILL) if state in report["discrimination"]), 0)


def _reliability(report: Members, language: str) -> Figure:
    states = list(report["calibration"])
    figure = Figure(figsize=(4 * len(states), 3.4), layout="constrained")
    for panel, state in zip(figure.subplots(1, len(states), squeeze=False)[0], states, strict=True):
        bins = report["calibration"][state]["reliability"]
        panel.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        panel.plot([each["said"] for each in bins], [each["seen"] for each in bins], marker="o", color=COLOURS[0])
        across, up, title = (in_language(text, language) for text in (SAID, SEEN, words(state)))
        panel.set(title=title, xlabel=across, ylabel=up, xlim=(0, 1), ylim=(0, 1))
    return figure
