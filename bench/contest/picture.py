"""The figures as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from bench.contest import figures
from bench.contest.figures import ALONE, BUSY, CROWD, REQUESTS, Samples
from bench.contest.table import number

PANELS = (
    ("requests a second, 8 connections", BUSY, "rate", 1.0),
    ("median answer of 1 connection, ms", ALONE, "p50", 1000.0),
    ("{at_once:,} requests at once, s", CROWD, "seconds", 1.0),
)
OWN, FLOOR, OTHER = "#1b6e5a", "#9aa0a6", "#c46a2b"


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw one row a request: throughput, latency, and the wall time of many at once. Scales are logarithmic."""
    samples = results["samples"]
    names = [name for name in results["titles"] if f"real/{BUSY}" in samples.get(name, {})][::-1]
    figure, axes = plt.subplots(len(REQUESTS), len(PANELS), figsize=(15, 8), sharey=True, squeeze=False)
    for row, request in zip(axes, REQUESTS, strict=True):
        for axis, (title, connections, value, scale) in zip(row, PANELS, strict=True):
            found = [figures.middle(samples, name, f"{request}/{connections}", value) for name in names]
            _bars(axis, [results["titles"][name] for name in names], [(each or 0) * scale for each in found], names)
            axis.set_title(f"{request}: {title.format(at_once=results['plan']['at_once'])}", fontsize=10)
    figure.suptitle(_caption(results, samples), fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _bars(axis: Any, titles: list[str], values: list[float], names: list[str]) -> None:  # noqa: ANN401
    colours = [OWN if name.startswith("ours") else FLOOR if name.startswith("floor") else OTHER for name in names]
    axis.barh(titles, values, color=colours)
    present = [value for value in values if value > 0]
    axis.set_xscale("log")
    axis.set_xlim(min(present, default=1) / 3, max(present, default=1) * 4)
    axis.tick_params(labelsize=8)
    for place, value in enumerate(values):
        if value > 0:
            axis.text(value * 1.08, place, number(value), va="center", fontsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _caption(results: dict[str, Any], samples: Samples) -> str:
    ours, thesis = (figures.middle(samples, name, "memory") or 0 for name in (figures.OURS, figures.THESIS))
    memory = f"Memory: this service {ours:.0f} MB, the thesis' way {thesis:.0f} MB."
    return f"{results['machine']}, {results['when'][:10]}. {memory}"
