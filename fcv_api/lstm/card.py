"""A model's card: what it is for, what it was trained on, and what it must not be used for."""

from __future__ import annotations

import re
from typing import Any

from fcv_api.domain.samples import Sampling
from fcv_api.lstm.attestation import Attestation
from fcv_api.lstm.import_request import ImportRequest

# The headings follow Mitchell et al., "Model Cards for Model Reporting" (2019), and TRIPOD+AI (Collins et al., 2024).
HEADINGS = (
    ("Intended use", "What it is meant to answer, for which user, in which setting, and for which patients."),
    ("Must not be used for", "Patients, wards and decisions that it was not made for."),
    ("Outcome definition", "What each state is, who set the labels, when, and whether they knew the signs."),
    ("Data", "How many patients, from where and when, with which monitors; the class mix; how labels were given."),
    ("Inclusion flow", "Who was kept and who was lost, for what reason, by state and site."),
    ("Event rate", "How frequent each state was, among patients and among windows."),
    ("Missing data", "How much of each sign was missing, and what was done about it."),
    ("Predictor ranges", "Between what values each sign lay."),
    ("Performance", "Figures with their intervals and conditions, beside a baseline on the same patients."),
    ("Subgroups", "Figures by site, unit, age and sex, or that they were not looked at."),
    ("Operating point and burden", "The threshold that is acted on, and the alarms a patient-day that it costs."),
    ("Limits", "Where it fails, and what was not looked at."),
    ("Monitoring triggers", "What, when seen in service, makes you measure it again or stop it."),
    ("Owner, date and expiry", "Who answers for it, since when, and when it must be measured again."),
    ("Version history", "What changed since the version before."),
)


def template() -> str:
    """Return a card with all its headings, to fill in."""
    parts = [f"## {heading}\n\n*{question}*\n" for heading, question in HEADINGS]
    return "# NAME VERSION\n\n" + "\n".join(parts)


def card_of(request: ImportRequest, written: str | None, file: str) -> str:
    """Put a card together: what somebody wrote, or that nobody did, and what the import knows."""
    blank = "\n".join(f"## {heading}\n\nNobody has written this yet.\n" for heading, _ in HEADINGS)
    text = written or f"# {request.name} {request.version}\n\n{blank}"
    return f"{text.rstrip()}\n\n{_from_the_import(request, file)}"


def _from_the_import(request: ImportRequest, file: str) -> str:
    kind = (request.scaling or {"kind": "window"})["kind"]
    horizon = f"{request.horizon_minutes:g} minutes" if request.horizon_minutes else "horizon not stated"
    lines = [
        f"Imported from `{file}`.",
        f"**Evidence:** unvalidated, trained on: {request.trained_on.value}. **Horizon:** {horizon}.",
        "**Outputs:** scores, not calibrated probabilities, unless the card above says how they were calibrated.",
        f"**Scaling:** {kind}. {SCALING_HIDES[kind]}",
        *([MEANS] if request.sampling is Sampling.MEAN else []),
        "*Sano* means none of the other three states. It does not mean healthy.",
        *(f"**Assumed:** {each}" for each in request.assumed),
    ]
    return "## From the import\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


def restated(card: str, evidence: str) -> str:
    """Return a card whose line on evidence says what the manifest's evidence is worth now."""
    return EVIDENCE_LINE.sub(f"**Evidence:** {evidence}.", card)


def attested_card(card: str, attestation: Attestation, report: dict[str, Any]) -> str:
    """Return a card with the section of an attestation at its end, in the place of an earlier one's."""
    data, events = report["data"], attestation.events
    counted = ", ".join(f"{count} of {state}" for state, count in events.items())
    whom = f"{data['patients']} patients and {data['windows']} windows of a hospital"
    lines = [
        f"{attestation.evidence.capitalize()}, signed by {attestation.signed_by} at {attestation.at}.",
        f"{whom}, from {data['first']} to {data['last']}; events: {counted}.",
        *(_attested_figures(state, report) for state in events),
        f"The report (sha256 {attestation.report_sha256}) is by {report['program']}.",
    ]
    kept = card.partition(f"\n{ATTESTED}\n")[0].rstrip()
    return f"{kept}\n\n{ATTESTED}\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


def _attested_figures(state: str, report: dict[str, Any]) -> str:
    areas = report["discrimination"][state]
    return (
        f"{state}: AUROC {areas['auroc']['value']:.3f}, AUPRC {areas['auprc']['value']:.3f}, sensitivity of `State` "
        f"{report['sensitivity'][state]:.2f}, observed to expected "
        f"{report['calibration'][state]['observed_to_expected']:.2f}."
    )


MEANS = "**Sampling:** mean. Of rows that are denser than its steps it reads the mean of each step."
ATTESTED = "## Evidence"
EVIDENCE_LINE = re.compile(r"\*\*Evidence:\*\* [^.]*\.")
SCALING_HIDES = {
    "window": "Each sign is seen relative to its own mean in the window, so absolute levels are hidden: a flat line "
    "of zeros looks like a flat line of healthy values, and height and weight are always 0.",
    "population": "Each sign is seen relative to the patients that the model was trained on: other monitors or other "
    "patients shift every value.",
}
