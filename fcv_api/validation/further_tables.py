"""The tables of a validation's page that look further: at groups, simpler scorers, drift and a refit."""

from __future__ import annotations

from collections.abc import Iterator

from fcv_api.training.report_members import ILL
from fcv_api.training.tables import Table, shown, with_interval
from fcv_api.validation.cells import CANNOT, Members, bounded, mark, measured, words

FIGURES = ("auroc", "observed_to_expected")


def further_tables(report: Members) -> Iterator[Table]:
    """Yield them in their order."""
    yield _subgroups(report["subgroups"])
    yield from _differences(report)
    yield from _drift(report.get("drift"))
    yield from _refit(report.get("refit"))


def _subgroups(groups: list[Members]) -> Table:
    rows = [
        [
            each["by"],
            each["group"],
            *(str(each[name]) for name in ("patients", "windows", "events")),
            *([CANNOT] * 2 if each["cannot_answer"] else map(measured, (each["auroc"], each["observed_to_expected"]))),
        ]
        for each in groups
    ]
    head = ["by", "group", "patients", "windows", "events", "AUROC (95 %)", "observed to expected (95 %)"]
    return "Subgroups, any of the three states", head, rows


def _differences(report: Members) -> Iterator[Table]:
    rows = [
        [name, area.upper(), words(state), by_state["verdict"] + mark(by_state.get("one_patient"))]
        for name, areas in report["differences"].items()
        for area, states in areas.items()
        for state, by_state in states.items()
    ]
    if rows:
        yield "Beside simpler scorers, on the same patients", ["scorer", "figure", "state", "verdict"], rows


def _drift(drift: Members | None) -> Iterator[Table]:
    if not drift:
        return
    rows = [
        [
            each["what"],
            each["sign"] or "-",
            with_interval(each),
            shown(each["reference"]),
            shown(each["now"]),
            each["verdict"],
        ]
        for each in drift["findings"]
    ]
    head = ["what", "sign", "effect (95 %)", "reference", "now", "verdict"]
    yield "Drift against the reference in the model's manifest", head, rows


def _refit(refit: Members | None) -> Iterator[Table]:
    if not refit:
        return
    keys = ("observed_to_expected", "slope", "intercept", "brier_skill")
    rows = [
        [words(state), when, *(bounded(own, key) for key in keys)]
        for state in ILL
        for when in ("before", "after")
        if (own := refit[when]["calibration"].get(state))
    ]
    title = f"Refit ({refit['kind']}), saved as {refit['model']}: the late part, before and after"
    yield title, ["state", "", "observed to expected", "slope", "intercept", "Brier skill"], rows
