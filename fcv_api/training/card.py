"""The card of a model that was trained here: what its training knows of it."""

from __future__ import annotations

from typing import Any

from fcv_api.training import card_sections as sections
from fcv_api.training.alarms import RATES
from fcv_api.training.tables import ILL_NAMES, shown, with_interval

SIMULATED = (
    "It learnt from simulated patients only and was not validated on any real one: it knows the simulator. "
    "Not for clinical use."
)
UNVALIDATED = "It was not validated on patients other than those of its file. Not for clinical use before it is."


def written_card(summary: dict[str, Any], measured: dict[str, Any] | None = None) -> str:
    """Write a card from a training's summary, under the headings of every card.

    measured: a comparison on patients it has not seen, as `evaluate.compare` gives it, with their class mix as `test`.
    """
    parts_by_heading = {
        "Intended use": sections.intended_use(summary),
        "Must not be used for": _warning(summary["trained_on"]),
        "Outcome definition": sections.outcome(summary),
        "Data": _data(summary, measured),
        "Inclusion flow": sections.inclusion(summary),
        "Event rate": sections.event_rate(summary),
        "Missing data": sections.missing_data(summary),
        "Predictor ranges": sections.ranges(summary),
        "Performance": f"{_calibration(summary)}\n\n{_performance(measured)}",
        "Subgroups": sections.subgroups(summary),
        "Operating point and burden": sections.operating_point(measured),
        "Limits": _limits(summary, measured),
        "Monitoring triggers": sections.monitoring(summary),
        "Owner, date and expiry": sections.ownership(summary),
        "Version history": f"Trained by `fcv train`: {_recipe(summary)}.",
    }
    parts = [f"## {heading}\n\n{text}\n" for heading, text in parts_by_heading.items()]
    return f"# {summary['model'].replace('/', ' ')}\n\n" + "\n".join(parts)


def _warning(trained_on: str) -> str:
    return f"Decisions about patients. {SIMULATED if trained_on == 'simulated' else UNVALIDATED}"


def _data(summary: dict[str, Any], measured: dict[str, Any] | None) -> str:
    """Draw the class mix as a table: patients by their worst state, windows by their class."""
    sets = {"training": summary["train"], "calibration": summary["validation"]}
    if measured:
        sets["test"] = measured["test"]
    head = ["state", *(f"{name} {kind}" for name in sets for kind in ("patients", "windows"))]
    rows = [
        [state, *(str(each[kind][state]) for each in sets.values() for kind in ("patients", "windows"))]
        for state in summary["train"]["patients"]
    ]
    return sections.table(head, rows)


def _calibration(summary: dict[str, Any]) -> str:
    fitted = summary["calibration"]
    return (
        f"Probabilities were calibrated on the calibration patients, by one temperature ({fitted['temperature']:.3f}) "
        f"and one bias per class, folded into the last layer: log loss {fitted['log_loss_before']:.3f} before, "
        f"{fitted['log_loss_after']:.3f} after."
    )


def _performance(measured: dict[str, Any] | None) -> str:
    if measured is None:
        return "On patients it has not seen: what `fcv evaluate` reports."
    head = [
        "scorer",
        "AUROC (95 %)",
        "AUPRC (95 %)",
        "Brier skill",
        "ECE where p >= 0.05",
        *(f"onsets at {r:g}/h" for r in RATES),
    ]
    rows = [
        [
            f"**{name}**" if name == measured["model"] else name,
            *(with_interval(each[area]["ill"]) for area in ("auroc", "auprc")),
            *(_over_states(each, key) for key in ("brier_skill", "ece_from_0_05")),
            *(with_interval(at["sensitivity_interval"]) for at in each["alarms"]),
        ]
        for name, each in measured["scorers"].items()
    ]
    words = (
        "On the test patients, who were met once, when scaling and recipe had been chosen on other patients. Windows "
        "that end before an onset; means of the three ill states, of which *none of these* "
        "is no part; intervals by drawing patients. *Onsets at 0.2/h*: the share of onsets with an alarm in the two "
        "hours before, at that many alarms per patient-hour."
    )
    return f"{words}\n\n{sections.table(head, rows)}\n\n{_by_state(measured)}\n\n{_verdicts(measured)}"


def _over_states(each: dict[str, Any], key: str) -> str:
    """Return a figure of calibration, state by state."""
    if "calibration" not in each:
        return "-"
    return " / ".join(shown(each["calibration"]["by_state"][state][key]) for state in ILL_NAMES)


def _by_state(measured: dict[str, Any]) -> str:
    """Draw what was found of each ill state, and whether its probability can be believed."""
    own = measured["scorers"][measured["model"]]
    rows = [
        [
            state,
            f"{measured['data']['event_rate'][state]:.2%}",
            *(with_interval(own[area][state]) for area in ("auroc", "auprc")),
            *(with_interval(at["sensitivity_by_state"][state]) for at in own["alarms"]),
            shown(own["calibration"]["by_state"][state]["observed_to_expected"]),
        ]
        for state in ILL_NAMES
    ]
    head = [
        "state",
        "of windows",
        "AUROC",
        "AUPRC",
        *(f"onsets at {r:g}/h" for r in RATES),
        "observed to expected",
    ]
    return sections.table(head, rows)


def _verdicts(measured: dict[str, Any]) -> str:
    lines = [
        f"- {area.upper()}, mean of the three: {by_area[area]['ill']['verdict']}."
        for by_area in measured["differences"].values()
        for area in ("auroc", "auprc")
    ]
    return "\n".join(lines)


def _limits(summary: dict[str, Any], measured: dict[str, Any] | None) -> str:
    lines = ["Probabilities are calibrated at the class mix above; at another mix they are not.", *summary["warnings"]]
    lines += [
        f"It learnt from no window of {state}, so its probability of that means nothing."
        for state, count in summary["train"]["windows"].items()
        if not count
    ]
    if measured:
        lines += _failures(measured)
    return "\n".join(f"- {line}" for line in lines)


def _failures(measured: dict[str, Any]) -> list[str]:
    """Return what the model did not find on the test patients, and what it said wrongly."""
    own = measured["scorers"][measured["model"]]
    worst = min(ILL_NAMES, key=lambda state: own["auroc"][state]["value"])
    alarms = [
        f"At {at['at_most']:g} alarms per patient-hour it missed {at['onsets'] - at['found']} of {at['onsets']} "
        f"onsets, {at['false_alarms']:.0%} of its alarms had no onset within two hours, and over whole stays it rang "
        f"{at['whole_stays']['alarms_per_patient_day']['value']:.1f} times a patient-day."
        for at in own["alarms"]
    ]
    leaves = own["leaves_none"]
    state = (
        f"`State`, the most probable class, is another than none of these in {leaves['sensitivity']:.0%} of the "
        f"windows with an onset within the horizon. Where 1 % of windows are such, {leaves['ppv']['0.01']:.0%} of "
        "those answers are right."
    )
    after = own["detection"]
    late = (
        f"It foresees, and does not watch: of {after['windows']} windows that end after an onset its `State` was right "
        f"in {after.get('right_state', 0):.0%}, and it called the rest mostly none of these."
    )
    return [*alarms, f"It tells {worst} apart worst: AUROC {with_interval(own['auroc'][worst])}.", state, late]


def _recipe(summary: dict[str, Any]) -> str:
    said = ", ".join(f"{name} {value}" for name, value in summary["recipe"].items())
    return f"{said}; stopped after {summary['epochs']} epochs; {summary['scaling']} scaling"
