"""The figures as Markdown: the part of `RESULTS.md` that is generated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.contest import figures
from bench.contest.figures import ALONE, BUSY, CROWD, REQUESTS, Samples

BEGIN, END = "<!-- side by side: generated from results.json -->", "<!-- side by side: end -->"
HEAD = (
    "contender",
    "1 connection: requests/s",
    "p50, ms",
    "p99, ms",
    "8 connections: requests/s",
    "of ours",
    "p50, ms",
    "p99, ms",
    "processor, ms a request",
    "{at_once:,} at once, s",
    "errors",
)
ENOUGH = 9
"""Rounds that a run needs for its medians to be quoted."""
Results = dict[str, Any]


def section(results: Results) -> str:
    """Write all of it."""
    samples, plan = results["samples"], results["plan"]
    short = "" if plan["rounds"] >= ENOUGH else "**Too short a run to quote: it shows that all works.** "
    measured = (
        f"{short}{results['when']}, {results['machine']}, "
        f"{_rounds(plan)} of {plan['seconds']} s a load, "
        f"{plan['bursts']} of them with {plan['at_once']:,} requests at once. Every figure is the median of its "
        "rounds; ratios are medians of the ratios of each round."
    )
    parts = [
        measured,
        *(f"**{_title(request)}**\n\n{_table(results, request)}" for request in REQUESTS),
        f"**Start and memory**\n\n{_starts(results)}",
        f"**What was wanted**\n\n{_aims(results)}",
        _noise(samples),
        f"Versions: {'; '.join(f'{name}: {each}' for name, each in results['versions'].items())}.",
    ]
    return "\n\n".join(parts)


def splice(path: Path, results: Results) -> None:
    """Write it between its marks in a file; into a new one where there is none."""
    text = path.read_text("utf-8") if path.exists() else f"# Results\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n\n{section(results)}\n\n{END}{after}", "utf-8")


def _rounds(plan: dict[str, Any]) -> str:
    return "1 round" if plan["rounds"] == 1 else f"{plan['rounds']} interleaved rounds"


def _title(request: str) -> str:
    return {
        "real": "The real request: 1,925 rows, 352 kB",
        "minimal": "The minimal request: 180 rows, 15 kB",
    }[request]


def _table(results: Results, request: str) -> str:
    samples, titles = results["samples"], results["titles"]
    head = tuple(each.format(at_once=results["plan"]["at_once"]) for each in HEAD)
    return _markdown(head, [[titles[name], *_row(samples, name, request)] for name in titles if name in samples])


def _row(samples: Samples, name: str, request: str) -> list[str]:
    def told(connections: str, figure: str, scale: float = 1.0) -> str:
        return number(figures.middle(samples, name, f"{request}/{connections}", figure), scale)

    alone_only = f"{request}/{BUSY}" not in samples[name]
    return [
        *(told(ALONE, "rate"), told(ALONE, "p50", 1000), told(ALONE, "p99", 1000), told(BUSY, "rate")),
        "" if alone_only else number(figures.against_ours(samples, name, request)),
        *(told(BUSY, "p50", 1000), told(BUSY, "p99", 1000)),
        told(ALONE if alone_only else BUSY, "processor", 1000),
        told(CROWD, "seconds"),
        str(figures.errors(samples, name, request)),
    ]


def _starts(results: Results) -> str:
    samples, titles = results["samples"], results["titles"]
    rows = [
        [titles[name], *(number(figures.middle(samples, name, cell)) for cell in ("first_answer", "memory"))]
        for name in titles
        if "memory" in samples.get(name, {})
    ]
    return _markdown(("contender", "start to first answer, s", "memory (PSS) after the load, MB"), rows)


def _aims(results: Results) -> str:
    rows = []
    for aim in figures.aims(results["samples"]):
        sign = "<=" if aim.most else ">="
        cells = [
            f"**{number(got)}** ({sign} {number(wanted)}: {'met' if met else 'missed'})"
            for got, wanted, met in zip(aim.got, aim.at_least, aim.met, strict=True)
        ]
        rows.append([aim.what.format(at_once=results["plan"]["at_once"]), *cells, *[""] * (len(REQUESTS) - len(cells))])
    return _markdown(("ratio in one round", "real request, or both", "minimal request"), rows)


def _noise(samples: Samples) -> str:
    told = []
    for request in REQUESTS:
        middle, least, most = figures.noise(samples, request)
        told.append(f"{middle:.2f} times itself for the {request} request (rounds from {least:.2f} to {most:.2f})")
    return (
        f"The noise: the floor is {' and '.join(told)}. wrk itself took at most "
        f"{figures.largest_client(samples):.0%} of one core."
    )


def number(value: float | None, scale: float = 1.0) -> str:
    """Write three digits, or nothing."""
    if value is None:
        return ""
    scaled = value * scale
    return f"{scaled:,.0f}" if abs(scaled) >= 100 else f"{scaled:.3g}"  # noqa: PLR2004


def _markdown(head: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [list(head), ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
