"""What a load came to, in figures; kept in bench/feed/loads.json, and as a table in docs/scale.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from bench.contest.machine import machine
from bench.feed.load import Outcome, Plan
from fcv_api.settings import ROOT

KEPT = ROOT / "bench" / "feed" / "loads.json"
DOCUMENT = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- loads of the feed: generated from bench/feed/loads.json -->", "<!-- loads of the feed: end -->"
Figures = dict[str, str]
BY_POST = {
    "answered": "posts",
    "lost": "lost rows or posts",
    "late": "posts sent later than planned",
}
BY_HL7 = {
    "answered": "messages, until they were acknowledged",
    "lost": "lost rows, or messages that were not accepted",
    "late": "messages sent later than planned",
}


def figures(plan: Plan, outcome: Outcome) -> Figures:
    """Return what came of a load, and whether it is what was wanted."""
    late = [each.late for each in outcome.turns if not each.first] or [each.late for each in outcome.turns]
    answers, words = [each.seconds for each in outcome.sent], BY_HL7 if plan.obx else BY_POST
    return {
        "load": f"{plan.beds:,} beds, {plan.minutes:g} minutes, {'PostgreSQL' if plan.postgresql else 'SQLite'}"
        + (f", a message of {plan.obx} OBX each minute on {plan.connections} connections" if plan.obx else ""),
        words["answered"]: f"{len(outcome.sent):,}, p50 {ms(answers, 0.5)}, p99 {ms(answers, 0.99)}"
        + (f", longest {ms(answers, 1)}" if plan.obx else ""),
        "turns": f"{len(outcome.turns):,} recorded, of them {sum(each.refused for each in outcome.turns):,} refusals",
        words["lost"]: str(outcome.lost),
        "turns missing, twice": f"{outcome.missing}, {outcome.twice}",
        "turns recorded after they were due": (
            f"p50 {at(late, 0.5):.1f} s, p99 {at(late, 0.99):.1f} s, last {at(late, 1):.1f} s "
            f"({verdict(good=at(late, 1) <= plan.within)}: {plan.within:g} s)"
        ),
        words["late"]: f"p99 {at([each.late for each in outcome.sent], 0.99):.2f} s",
        "/predict beside it": f"{len(outcome.predicts):,}, p50 {ms(outcome.predicts, 0.5)}, longest "
        f"{ms(outcome.predicts, 1)}; locks waited for over 0.5 s: {outcome.waits}",
        "memory, first and last quarter": memory(outcome.megabytes),
        "processor": f"{100 * sum(outcome.spent) / outcome.seconds:.0f} %: {_spent(plan, outcome)}",
    }


def _spent(plan: Plan, outcome: Outcome) -> str:
    """Return what the parts took of the processor. By HL7 one process reads, stores and scores."""
    posts, turns, spent = len(outcome.sent), len(outcome.turns), outcome.spent
    own = f"{1000 * spent.service / max(posts, 1):.2f} ms a post, with /predict, "
    own += f"{1000 * spent.feed / max(turns, 1):.2f} ms a turn"
    by_hl7 = f"fcv feed run {spent.feed:.0f} s for {posts:,} messages and {turns:,} turns"
    return f"{by_hl7 if plan.obx else own}, PostgreSQL {spent.database:.0f} s in all"


def at(values: Sequence[float], share: float) -> float:
    """Return a quantile; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")


def ms(values: Sequence[float], share: float) -> str:
    """Return a quantile of seconds as milliseconds."""
    return f"{1000 * at(values, share):.1f} ms"


def verdict(*, good: bool) -> str:
    """Return whether what was wanted came out."""
    return "met" if good else "missed"


def memory(megabytes: Sequence[float]) -> str:
    """Return what was held in the first and in the last quarter of a load, without its start."""
    quarter = max(len(megabytes) // 4, 1)
    first, last = megabytes[quarter // 2 : quarter], megabytes[-quarter:]
    return f"{max(first, default=float('nan')):.0f} MB, {max(last, default=float('nan')):.0f} MB"


def write(name: str, figures: Figures) -> None:
    """Keep figures, with when and where they were measured."""
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    kept[name] = {"measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}"} | figures
    KEPT.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + section(kept) + after, "utf-8")


def section(kept: dict[str, Figures]) -> str:
    """Return the part of docs/scale.md that tells of the loads."""
    tables = []
    for name, figures in kept.items():
        rows = "\n".join(f"| {what} | {figure} |" for what, figure in figures.items())
        tables.append(f"| `{name}` | |\n|---|---|\n{rows}")
    return "\n\n".join([BEGIN, *tables, END])
