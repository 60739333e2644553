"""The sections of a trained model's card that its training knows: who was in it, what was missing, and until when.

The headings are those that TRIPOD+AI (Collins et al., BMJ 2024) and model cards (Mitchell et al., 2019) ask for.
"""

from __future__ import annotations

from typing import Any

from fcv_api.training.alarms import RATES
from fcv_api.training.flow import flow_table

Summary = dict[str, Any]
NOT_SAID = "Nobody has said this yet."
MORE_MISSING, RATIO, FEWEST_EVENTS = 0.10, (0.67, 1.5), 20
"""When to measure again: engineering judgement until a clinician signs it."""


def intended_use(summary: Summary) -> str:
    """Return what it answers, for whom and where."""
    setting = summary["about"]["setting"] or f"User and setting: {NOT_SAID.lower()}"
    return f"To say which of four states follows {summary['horizon_minutes']:g} minutes after a window.\n\n{setting}"


def outcome(summary: Summary) -> str:
    """Return what the states are, and when a window has one."""
    minutes = f"{summary['horizon_minutes']:g} minutes"
    return (
        "Cardiac arrest, low cardiac output, cardiogenic shock, or none of these, by the file of labels: a state and "
        f"its onset for each encounter. A window has a state where the onset is at most {minutes} after its end. Who "
        "set the labels, by which definition, and whether they knew the signs, stands in no file."
    )


def inclusion(summary: Summary) -> str:
    """Draw who was kept and who was lost, by reason, state and site."""
    return table(*flow_table(summary["flow"]))


def event_rate(summary: Summary) -> str:
    """Draw how frequent each state was, among patients and among windows."""
    both = [summary["train"], summary["validation"]]
    totals = {kind: sum(sum(each[kind].values()) for each in both) for kind in ("patients", "windows")}
    rows = [
        [state, *(cell for kind, total in totals.items() for cell in _share(sum(e[kind][state] for e in both), total))]
        for state in summary["train"]["patients"]
    ]
    return table(["state", "patients", "of patients", "windows", "of windows"], rows)


def missing_data(summary: Summary) -> str:
    """Draw how much of each sign was missing, and say what is done about it."""
    rows = [[each["sign"], f"{each['missing']:.1%}", str(each["never"])] for each in summary["predictors"]]
    words = (
        "Gaps are filled forward, and at a window's top backward, within the encounter. Windows without a moving sign "
        "are refused here as in service; who was lost by that stands above."
    )
    return f"{words}\n\n{table(['sign', 'instants without it', 'encounters that never had it'], rows)}"


def ranges(summary: Summary) -> str:
    """Draw between what values each sign lay, at the ends of the windows."""
    head = ["sign", "unit", "1 %", "25 %", "median", "75 %", "99 %"]
    rows = [
        [each["sign"], each["unit"], *(f"{value:.4g}" for value in each["quantiles"] or [float("nan")] * 5)]
        for each in summary["predictors"]
    ]
    return table(head, rows)


def subgroups(summary: Summary) -> str:
    """Count the kept by site, and say what was not looked at."""
    sites: dict[str, int] = {}
    for row in summary["flow"]:
        if row["reason"].startswith("kept"):
            sites[row["site"]] = sites.get(row["site"], 0) + row["patients"]
    named = ", ".join(f"{site}: {count} patients" for site, count in sorted(sites.items()))
    return f"By site (`-` where nobody said): {named}. Age, sex and diagnosis are in no file, and were not looked at."


def operating_point(measured: Summary | None) -> str:
    """Draw what a threshold costs on patients it has not seen; without them, that none was chosen."""
    words = "`State` is the most probable class, with no threshold; no alarm is raised by it."
    if measured is None:
        return f"{words} What a threshold would cost is what `fcv evaluate` reports."
    rows = [_threshold_row(at) for at in measured["scorers"][measured["model"]]["alarms"]]
    head = ["threshold on 1 - none of these", "alarms a patient-day", "onsets found", "alarms without an onset soon"]
    rates = " and ".join(f"{rate:g}" for rate in RATES)
    return f"{words} On the test patients, at up to {rates} alarms a patient-hour:\n\n{table(head, rows)}"


def _threshold_row(at: Summary) -> list[str]:
    return [
        f"{at['threshold']:.3f}",
        f"{at['alarms_per_patient_hour'] * 24:.1f}",
        f"{at['sensitivity']:.2f}",
        f"{at['false_alarms']:.2f}",
    ]


def monitoring(summary: Summary) -> str:
    """Return when to measure again before going on."""
    lost = sum(row["patients"] for row in summary["flow"] if not row["reason"].startswith("kept"))
    share = lost / max(1, sum(row["patients"] for row in summary["flow"]))
    lines = [
        f"In a month, over {share + MORE_MISSING:.0%} of patients are refused ({share:.0%} were lost here).",
        f"A sign is missing at {MORE_MISSING:.0%} more of the instants than in the table of missing data.",
        "A sign's median of a month lies outside its 25 % to 75 % in the table of ranges.",
        f"Observed to expected of a state lies outside {RATIO[0]:g} to {RATIO[1]:g}, over {FEWEST_EVENTS} events.",
        "Monitors, their software, the kind of patients, or the treatment changed.",
    ]
    return "Measure it again, and stop acting on it until then, when:\n\n" + "\n".join(f"- {line}" for line in lines)


def ownership(summary: Summary) -> str:
    """Return who answers for it, since when, and until when."""
    about = summary["about"]
    owner = about["owner"] or NOT_SAID.lower()
    dates = f"Trained on {about['date']}. Expires on {about['expires']}: measure it again before, or stop using it."
    return f"Owner: {owner.rstrip('.')}. {dates}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Draw a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _share(count: int, total: int) -> tuple[str, str]:
    return str(count), f"{count / max(1, total):.2%}"
