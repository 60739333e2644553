"""The tables of a validation's page, in the order in which a reader must know them."""

from __future__ import annotations

from collections.abc import Iterator

from fcv_api.lstm.attest import FEW_EVENTS, FEWEST_EVENTS
from fcv_api.training.burden import AHEAD, EVENT_RATES
from fcv_api.training.flow import flow_table
from fcv_api.training.report_members import ILL
from fcv_api.training.tables import Table
from fcv_api.validation.cells import CANNOT, Members, bounded, counted, measured, words
from fcv_api.validation.further_tables import further_tables
from fcv_api.validation.separation import ANY


def tables(report: Members) -> Iterator[Table]:
    """Yield the tables. A state of which nothing can be said has a row that says so, and no figure."""
    yield _flow(report["flow"])
    yield from _notes(report["flow_notes"])
    yield _events(report)
    yield _areas(report)
    yield _calibration(report)
    yield _named(report)
    yield from _found(report)
    yield _burden(report)
    yield from further_tables(report)


def _flow(flow: list[Members]) -> Table:
    """Return who was measured, who was set apart, as those of the early part, and who was lost."""
    head, rows = flow_table(flow)
    parts = [[each["part"], row[0], words(row[1]), *row[2:]] for each, row in zip(flow, rows, strict=True)]
    return "Patients, and what became of them", ["", *head], parts


def _notes(notes: list[Members]) -> Iterator[Table]:
    rows = [
        [
            each["note"],
            str(each["patients"]),
            str(each["encounters"]),
            "-" if each["share"] is None else f"{each['share']:.0%}",
        ]
        for each in notes
    ]
    if rows:
        yield "Of those who were measured", ["what must be known", "patients", "encounters", "of all windows"], rows


def _events(report: Members) -> Table:
    rows = [[words(state), str(report["events"][state]), _verdict(report, state)] for state in ILL]
    title = f"Events: stays with a window within {report['horizon_minutes']:g} minutes before the onset"
    return title, ["state", "events", "what can be said"], rows


def _verdict(report: Members, state: str) -> str:
    if state in report["cannot_answer"]:
        return f"{CANNOT}: under {FEWEST_EVENTS} events"
    few = f"figures are rough: under {FEW_EVENTS} events"
    return few if state in report["few_events"] else "figures below"


def _areas(report: Members) -> Table:
    scorers = {report["model"]: report["discrimination"]} | {
        name: each["discrimination"] for name, each in report["baselines"].items()
    }
    rows = [
        [counted(report, state), name, *(_figure(own.get(state, {}), area) for area in ("auroc", "auprc"))]
        for state in [*ILL, ANY, "ill"]
        if state in ILL or state in report["discrimination"]
        for name, own in (scorers.items() if state in report["discrimination"] else [("", {})])
    ]
    return "Discrimination, on windows before an onset", ["state", "scorer", "AUROC (95 %)", "AUPRC (95 %)"], rows


def _figure(areas: Members, area: str) -> str:
    if not areas:
        return CANNOT
    return measured(areas[area]) if area in areas else "-"


def _calibration(report: Members) -> Table:
    keys = ("observed_to_expected", "slope", "intercept", "brier_skill")
    rows = [
        [counted(report, state), str(own["observed"]), f"{own['expected']:.1f}", *(bounded(own, key) for key in keys)]
        if (own := report["calibration"].get(state))
        else [words(state), *[CANNOT] * 6]
        for state in ILL
    ]
    head = ["state", "windows", "expected", "observed to expected", "slope", "intercept", "Brier skill"]
    return "Calibration: whether a state comes as often as its probability says (95 %)", head, rows


def _named(report: Members) -> Table:
    named = report["sensitivity_intervals"]
    rows = [[counted(report, state), measured(named[state]) if state in named else CANNOT] for state in ILL]
    title = "Sensitivity of State, the most probable class, by window"
    return title, ["state", "share of its windows before the onset (95 %)"], rows


def _found(report: Members) -> Iterator[Table]:
    """Yield whom alarms find, and how long before; nothing where no event can be counted."""
    scorers = {report["model"]: report["alarms"]} | {name: each["alarms"] for name, each in report["baselines"].items()}
    rows = [
        [
            name,
            f"{at['at_most'] * 24:.1f}",
            _share(at["sensitivity_interval"]),
            *(
                _share(at["sensitivity_by_state"][each]) if each in at["sensitivity_by_state"] else CANNOT
                for each in ILL
            ),
            *(_share(at["found_ahead"][f"{least}"]) for least in AHEAD),
            ", ".join(f"{minutes:.0f}" for minutes in at["lead_minutes"]) or "-",
        ]
        for name, alarms in scorers.items()
        for at in alarms
        if "sensitivity_interval" in at
    ]
    head = ["scorer", "alarms a patient-day, at most", "onsets found", *map(words, ILL)]
    ahead = [f"{least} minutes ahead or more" for least in AHEAD]
    policy = report.get("policy")
    by = f" by policy {policy['policy']}" if policy else ""
    if rows:
        title = f"Onsets found{by} in the two hours before, and lead time"
        yield title, [*head, *ahead, "lead, quartiles in minutes"], rows


def _share(part: Members | None) -> str:
    if part is None:
        return CANNOT
    return f"{part['count']} of {part['of']}: {measured(part)}"


def _burden(report: Members) -> Table:
    rows = [
        [
            _rule(at),
            measured(at["whole_stays"]["alarms_per_patient_day"]),
            _share(at["whole_stays"]["stays_that_ring"]),
            f"{at['whole_stays']['patient_hours']:.0f}",
            *(measured(at["drawn"][_ppv(rate)]) if "drawn" in at else CANNOT for rate in EVENT_RATES),
        ]
        for at in report["alarms"]
    ]
    at_rates = [f"PPV at {rate:g} onsets a patient-day" for rate in EVENT_RATES]
    head = ["threshold", "alarms a patient-day (95 %)", "stays that ring", "patient-hours", *at_rates]
    policy = report.get("policy")
    of = f" of policy {policy['policy']}" if policy else ""
    return f"Burden{of} over whole stays", head, rows


def _rule(at: Members) -> str:
    if "policy" in at:
        return f"policy {at['policy']}"
    return "nothing rings" if at["threshold"] is None else f"{at['threshold']:.4f}"


def _ppv(rate: float) -> str:
    return f"ppv_at_{rate:g}_onsets_a_patient_day"
