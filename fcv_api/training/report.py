"""An evaluation for eyes, one HTML file that needs no other, and for programs, one JSON file."""

from __future__ import annotations

import base64
import io
import os
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import orjson
from matplotlib.figure import Figure

from fcv_api.training import pictures
from fcv_api.training.tables import tables

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
    data = orjson.dumps(comparison | {"notes": notes}, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    return write_both(folder, _page(comparison, notes), data)


def write_both(folder: Path, page: str, data: bytes, spanish: str | None = None) -> tuple[Path, Path]:
    """Write a page and its figures as `report.html` and `report.json`, each whole or not at all; give both paths.

    spanish: the page in Spanish, for `report.es.html`, where there is one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "report.html", folder / "report.json"
    contents = dict(zip(written, (page.encode(), data + b"\n"), strict=True))
    _write_whole(folder, contents | ({folder / "report.es.html": spanish.encode()} if spanish else {}))
    return written


def _write_whole(folder: Path, contents: dict[Path, bytes]) -> None:
    """Write files of a folder, each whole or not at all."""
    with tempfile.TemporaryDirectory(prefix=".report-", dir=folder) as unfinished:
        for path, content in contents.items():
            (Path(unfinished) / path.name).write_bytes(content)
        for path in contents:
            os.replace(Path(unfinished) / path.name, path)  # noqa: PTH105 - atomic


def _page(comparison: Comparison, notes: tuple[str, ...]) -> str:
    title = f"Evaluation of {escape(comparison['model'])}"
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    parts = [
        f"{head}<h1>{title}</h1>",
        *(f"<p><strong>{escape(note)}</strong></p>" for note in notes),
        f"<p>{_measured_on(comparison)}</p>",
        *(html_table(*table) for table in tables(comparison)),
        *(f'<h2>{name}</h2><img alt="{name}" src="{inline(figure)}">' for name, figure in _pictures(comparison)),
    ]
    return "\n".join(parts)


def _measured_on(comparison: Comparison) -> str:
    data = comparison["data"]
    return (
        f"{data['patients']} patients, {data['encounters']} encounters. Every figure is over windows that end before "
        "an onset, except detection and what is said of whole stays. Intervals are 95 %, by drawing patients where "
        f"nothing else is said. Baselines were fitted on {comparison['baselines_fitted_on']}."
    )


def html_table(title: str, head: list[str], rows: list[list[str]]) -> str:
    """Draw a table under its heading."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def inline(figure: Figure) -> str:
    """Return a picture as the address that shows it."""
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
