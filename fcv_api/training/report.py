"""An evaluation for eyes, one HTML file that needs no other, and for programs, one JSON file."""

from __future__ import annotations

import base64
import io
import os
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from matplotlib.figure import Figure

from fcv_api.training import pictures
from fcv_api.training.evaluate import NAMES

Comparison = dict[str, Any]
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:right}"
    "td:first-child,th:first-child{text-align:left}img{max-width:100%}"
)


def write_report(folder: Path, comparison: Comparison, notes: tuple[str, ...] = ()) -> tuple[Path, Path]:
    """Write `report.html` and `report.json` into a folder, each whole or not at all; give both paths.

    comparison: from `evaluate.compare`. notes: what a reader must know first, such as the model's evidence.
    """
    page = _page(comparison, notes)  # before anything is written
    data = orjson.dumps(comparison | {"notes": notes}, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "report.html", folder / "report.json"
    with tempfile.TemporaryDirectory(prefix=".report-", dir=folder) as unfinished:
        for path, content in zip(written, (page.encode(), data + b"\n"), strict=True):
            (Path(unfinished) / path.name).write_bytes(content)
        for path in written:
            os.replace(Path(unfinished) / path.name, path)  # noqa: PTH105 - atomic
    return written


def _page(comparison: Comparison, notes: tuple[str, ...]) -> str:
    data = comparison["data"]
    title = f"Evaluation of {escape(comparison['model'])}"
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    over = (
        f"{data['patients']} patients, {data['encounters']} encounters. Every figure is over windows that end before "
        "an onset, except detection. Intervals are 95 %, by drawing patients. Baselines were fitted on "
        f"{comparison['baselines_fitted_on']}."
    )
    parts = [
        f"{head}<h1>{title}</h1>",
        *(f"<p><strong>{escape(note)}</strong></p>" for note in notes),
        f"<p>{over}</p>",
        _table("Windows before an onset, by what they are labelled", ["", *NAMES], [_counts(data)]),
        *(_table(*table) for table in _tables(comparison["scorers"])),
        _table("Macro AUROC of one sign's last value alone", ["sign", "AUROC"], _signs(comparison)),
        *(f'<h2>{name}</h2><img alt="{name}" src="{_inline(figure)}">' for name, figure in _pictures(comparison)),
    ]
    return "\n".join(parts)


def _counts(data: dict[str, Any]) -> list[str]:
    return ["windows", *(str(data["windows_ahead"][name]) for name in NAMES)]


def _signs(comparison: Comparison) -> list[list[str]]:
    return [[name, _shown(value)] for name, value in comparison["single_sign_macro_auroc"].items()]


def _tables(scorers: dict[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return each table's title, head and rows: a row is a scorer."""
    areas = [
        (
            f"{title}, one against the rest",
            ["", "macro", *NAMES],
            [[name, *(_interval(each[key][column]) for column in ("macro", *NAMES))] for name, each in scorers.items()],
        )
        for key, title in (("auroc", "AUROC"), ("auprc", "AUPRC"))
    ]
    return [*areas, _alarm_table(scorers), *_probability_tables(scorers), _detection_table(scorers)]


def _alarm_table(scorers: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    head = ["", "at most", "alarms per patient-hour", "onsets found", "sensitivity", "lead, minutes (quartiles)"]
    rows = [
        [
            name,
            f"{at['at_most']:g}",
            _shown(at["alarms_per_patient_hour"]),
            f"{at['found']} of {at['onsets']}",
            _shown(at["sensitivity"]),
            ", ".join(f"{minutes:.0f}" for minutes in at["lead_minutes"]) or "-",
        ]
        for name, each in scorers.items()
        for at in each["alarms"]
    ]
    return "Alarms, with 30 minutes of silence after each", head, rows


def _probability_tables(scorers: dict[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    known = {name: each for name, each in scorers.items() if "calibration" in each}
    calibration = [
        [name, *(_shown(each["calibration"][key]) for key in ("ece", "ece_top_label", "brier"))]
        for name, each in known.items()
    ]
    leaving = [[name, *(_shown(value) for value in _leaving(each["leaves_none"]))] for name, each in known.items()]
    head = ["", "share of patient-hours", "sensitivity", "specificity", "PPV at 1 %", "PPV at 3 %", "PPV at 10 %"]
    return [
        ("Calibration", ["", "ECE, mean over classes", "ECE, most probable class", "Brier"], calibration),
        ("State, the most probable class, is another than none of these", head, leaving),
    ]


def _leaving(figures: dict[str, Any]) -> list[float]:
    return [figures["share"], figures["sensitivity"], figures["specificity"], *figures["ppv"].values()]


def _detection_table(scorers: dict[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    keys = ("auroc", "leaves_none", "right_state")
    rows = [
        [name, str(each["detection"]["windows"]), *(_shown(each["detection"].get(key)) for key in keys)]
        for name, each in scorers.items()
    ]
    head = ["", "windows", "AUROC against stays without onset", "State is not none of these", "State is right"]
    return "Detection: windows that end after the onset. Never part of the figures above", head, rows


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><tr>{top}</tr>{body}</table>"


def _shown(value: float | None) -> str:
    return "-" if value is None or np.isnan(value) else f"{value:.3f}"


def _interval(area: dict[str, float]) -> str:
    return f"{_shown(area['value'])} ({_shown(area['low'])} to {_shown(area['high'])})"


def _inline(figure: Figure) -> str:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=90)
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()


def _pictures(comparison: Comparison) -> list[tuple[str, Figure]]:
    scorers, model = comparison["scorers"], comparison["model"]
    return [
        ("ROC curves", pictures.curves(scorers, "false_positives", "recall")),
        ("Precision and recall", pictures.curves(scorers, "recall", "precision")),
        ("Calibration curves", pictures.calibration(scorers)),
        ("Confusion matrix of the model", pictures.confusion(scorers[model]["confusion"])),
        ("Onsets found", pictures.alarms(scorers)),
        ("Lead time", pictures.lead_times(scorers)),
    ]
