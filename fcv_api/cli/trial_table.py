"""A silent trial in words, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from fcv_api.domain.prediction import State
from fcv_api.lstm.attest import FEW_EVENTS, FEWEST_EVENTS
from fcv_api.wire.answer import STATE_NAMES

Members = dict[str, Any]
MOST_NAMED = 10
CANNOT = f"cannot be answered: under {FEWEST_EVENTS} events"
NO_OUTCOMES = (
    "No outcome of these stays was imported (`fcv outcomes import`): nothing can be said of sensitivity, lead time or "
    "calibration. That two models agree does not say that either is right."
)
HEAD = f"  {'':<36} {'answered':>9} {'candidate':>9}  difference (95 %)"


def print_trial(report: Members) -> None:
    """Print a trial."""
    for line in lines_of(report):
        click.echo(line)


def lines_of(report: Members) -> Iterator[str]:
    """Yield it line by line: who, by what, the alarms first, and the agreement last."""
    data, candidate = report["data"], report["candidate"]["model"]
    models = ", ".join(f"{name} ({count:,})" for name, count in report["answered"]["models"].items())
    yield f"Candidate {candidate} on {data['windows']:,} recorded windows of {data['stays']:,} stays."
    yield f"Answered by {models}, from {data['first']} to {data['last']}."
    yield from _flow(report["flow"])
    yield from () if report["outcomes"] else (NO_OUTCOMES,)
    for at in report["alarms"]:
        yield from _alarms(report, at)
    if report["outcomes"]:
        yield from _by_window(report)
    yield from _refusals(report["refusals"])
    yield from _agreement(report["agreement"])


def _flow(rows: list[Members]) -> Iterator[str]:
    yield "Stays:"
    for row in rows:
        yield f"  {row['encounters']:>8,}  {row['part']}: {row['reason']} ({row['state']}, {row['site']})"


def _alarms(report: Members, at: Members) -> Iterator[str]:
    yield ""
    yield f"Alarms by {rule_in_words(at['rule'])}, over {at['patient_days']:.1f} patient-days:"
    yield HEAD
    yield _row("alarms a patient-day, whole stays", at["alarms_per_patient_day"])
    if report["outcomes"]:
        yield _row("alarms a patient-day, before onsets", at["alarms_per_patient_day_before_onsets"])
        yield from _found(report, at)
    for kind, who in (("gained", "the candidate alone"), ("lost", "the one that answered alone")):
        stays = at["changed"][kind]
        yield f"  Stays with an alarm {kind}, which {who} would have rung for: {len(stays):,}."
        yield from (f"    {_stay(each)}" for each in stays[:MOST_NAMED])
        if len(stays) > MOST_NAMED:
            yield f"    and {len(stays) - MOST_NAMED:,} more: --json names all."


def rule_in_words(rule: Members) -> str:
    """Return what rings."""
    if rule["kind"] == "policy":
        return f"policy {rule['policy']}{', which is in force' if rule['in_force'] else ''}"
    first, second = ("none" if each is None else f"{each:.4f}" for each in rule["thresholds"])
    most = f"at most {rule['at_most_alarms_per_patient_day']:g} alarms a patient-day before onsets"
    if rule["kind"] == "threshold":
        return f"one threshold for both ({first}: {most}, of the model that answered; no policy is in force)"
    return f"a threshold for each ({first} and {second}: {most}, of each)"


def _found(report: Members, at: Members) -> Iterator[str]:
    for state, count in report["events"].items():
        own = at["sensitivity"].get(state)
        name = f"onsets found, {state}"
        yield _row(name + _few(count), own) if own else f"  {name:<36} {CANNOT} ({count})"
    leads = at["lead_time"]
    if leads is None:
        yield f"  {'onsets found, lead time':<36} {CANNOT}"
        return
    yield _row("onsets found, any of the three", at["sensitivity"]["any_of_the_three"])
    yield _row("minutes from alarm to onset, median", leads["median_minutes"], ".0f")
    for minutes in (15, 30):
        yield _row(f"found {minutes} minutes ahead or more", leads[f"found_{minutes}_minutes_ahead"])


def _by_window(report: Members) -> Iterator[str]:
    yield ""
    yield "By window, before onsets:"
    yield HEAD
    for state, count in report["events"].items():
        if state not in report["calibration"]:
            yield f"  {state:<36} {CANNOT} ({count})"
            continue
        yield f"  {state}{_few(count)}"
        yield _row("  named by State", report["named_by_state"][state])
        for name, own in report["calibration"][state].items():
            yield _row(f"  {name.replace('_', ' ')}", own)


def _few(count: int) -> str:
    return f" ({count} events)" if count < FEW_EVENTS else ""


def _refusals(refusals: Members) -> Iterator[str]:
    yield ""
    yield f"Refusals, of {refusals['asked']:,} windows after the first 95 minutes of stays:"
    yield HEAD
    yield _row("share refused", refusals["share"], ".4f")
    for who, reasons in refusals["by_reason"].items():
        yield f"  {who}: {', '.join(f'{reason} {count:,}' for reason, count in reasons.items()) or 'none'}"


def _agreement(agreement: Members) -> Iterator[str]:
    kappa = "cannot be computed" if agreement["kappa"] is None else f"{agreement['kappa']:.3f}"
    difference = agreement["largest_difference"]
    yield ""
    same = f"{agreement['same_state']:,} of {agreement['windows']:,} windows"
    yield f"Same state in {same}; Cohen's kappa {kappa}. By state:"
    for name, own in agreement["by_state"].items():
        share = f"{own['both'] / own['of_either']:.1%}" if own["of_either"] else "-"
        yield f"  {name:<24} both in {own['both']:,} of {own['of_either']:,} that either named: {share}"
    for old, row in agreement["changes"].items():
        changed = {new: count for new, count in row.items() if new != old and count}
        yield from (f"  {count:>10,}  {_wire(old)} -> {_wire(new)}" for new, count in changed.items())
    if difference["most"] is not None:
        yield f"Largest difference of a probability: median {difference['median']:.3f}, most {difference['most']:.3f}."


def _wire(state: str) -> str:
    return STATE_NAMES[State(state)]


def _stay(stay: Members) -> str:
    bed = f", bed {stay['bed']}" if stay["bed"] else ""
    came = "outcome not known" if stay["outcome"] is None else stay["outcome"]
    onset = f" at {stay['onset']}" if stay["onset"] else ""
    return f"{stay['encounter']}{bed}: first alarm {stay['first_alarm']}, {stay['alarms']:,} in all; {came}{onset}"


def _row(name: str, own: Members, form: str = ".3f") -> str:
    two, ends = (_cell(own[each], form) for each in ("answered", "candidate")), own["difference"]
    low, high = (_cell(ends[each], f"+{form}") for each in ("low", "high"))
    difference = f"{_cell(ends['value'], f'+{form}')} ({low} to {high}) {ends['verdict']}"
    return f"  {name:<36} {' '.join(f'{each:>9}' for each in two)}  {difference}"


def _cell(value: float, form: str) -> str:
    return "-" if value != value else f"{value:{form}}"  # noqa: PLR0124 - NaN
