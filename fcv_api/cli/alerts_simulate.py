"""`fcv alerts simulate`: what a ward would have heard of a policy, over an export or over the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import click
import orjson
from tqdm import tqdm

from fcv_api import __version__
from fcv_api.alerts.assessments import assessment_of, stream_of
from fcv_api.alerts.policies import policy_sha256
from fcv_api.bulk.assess import assess_each
from fcv_api.cli.active import artifact_of
from fcv_api.cli.exports import form_of
from fcv_api.cli.ledger_replay import wanted
from fcv_api.cli.policy_files import read_policy
from fcv_api.cli.policy_table import SCHEMA, print_table
from fcv_api.domain.instants import utc
from fcv_api.domain.policy import Policy, UnusablePolicy
from fcv_api.domain.prediction import Scorer
from fcv_api.domain.scores import Scores
from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.lstm import trial
from fcv_api.lstm.attestation import file_sha256
from fcv_api.settings import Settings
from fcv_api.training.burden import EVENT_RATES
from fcv_api.training.policy_burden import Assessed, Heard, Outcome, figures_of, rings_at_most
from fcv_api.wire.alerts import cause_as_wire
from fcv_api.wire.export import read_cohort, read_export, read_sites
from fcv_api.wire.labels import read_labels
from fcv_api.wire.stays import SIMULATED

STEPS = 1000
"""Thresholds that are tried: thousandths."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is simulated over. outcomes: by encounter, where somebody knows them. about: for the table."""

    assessed: Iterable[Assessed]
    outcomes: dict[int, Outcome] | None
    about: dict[str, Any]


def simulate(settings: Settings, /, reference: str, **said: Any) -> None:  # noqa: ANN401 - click's options, by name
    file = read_policy(settings.models_dir, reference)
    model = trial.load(artifact_of(settings, said["model"]), settings.log_dir)
    source = _of_export(settings, model, said) if said["export"] else _of_record(settings, model, said)
    rates = said["event_rate"] or EVENT_RATES
    found = Heard.of(file.policy, source.assessed)
    if not len(found.at):
        raise click.ClickException("There is nothing to simulate over: no window was scored.")
    written = {
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": f"fcv alerts simulate {__version__}",
        "policy": str(file.policy),
        "policy_sha256": policy_sha256(file.text),
        "threshold": file.policy.threshold,
        "model": str(model.identity),
        "model_sha256": model.identity.sha256,
        "data": source.about | {"first": utc(int(found.at.min())), "last": utc(int(found.at.max()))},
        "figures": figures_of(found, source.outcomes, rates),
        "operating_points": [_point(file.policy, source, most, rates) for most in said["at_most"]],
    }
    _write(said, found, written)
    print_table(written)


def _point(policy: Policy, source: Source, most: float, rates: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the figures of the lowest threshold that rings at most so often before onsets."""
    if source.outcomes is None:
        raise UnusablePolicy("--at-most counts alarms before onsets: it needs outcomes.")
    low, high = 0, STEPS
    while high - low > 1:
        middle = (low + high) // 2
        found = Heard.of(_with(policy, middle / STEPS), source.assessed)
        low, high = (low, middle) if rings_at_most(found, source.outcomes, most) else (middle, high)
    figures = figures_of(Heard.of(_with(policy, high / STEPS), source.assessed), source.outcomes, rates)
    return {"at_most": most, "threshold": high / STEPS, "figures": figures}


def _with(policy: Policy, threshold: float) -> Policy:
    return replace(policy, threshold=threshold, thresholds=())


def _write(said: dict[str, Any], found: Heard, written: dict[str, Any]) -> None:
    if said["table"]:
        said["table"].write_bytes(orjson.dumps(written, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    if said["events"]:
        with said["events"].open("wb") as file:
            for encounter, event in found.events:
                line = {"encounter": encounter, "kind": event.kind, "cause": cause_as_wire(event.cause)}
                file.write(orjson.dumps(line | {"at": utc(event.at)}) + b"\n")


def _of_export(settings: Settings, model: Scorer, said: dict[str, Any]) -> Source:
    """Score an export at each of its instants."""
    export, labels, form = said["export"], said["labels"], form_of(said)
    outcomes: dict[int, Outcome] | None = None
    if labels:
        cohort = read_cohort(export, labels, settings.timezone, form)
        encounters, outcomes, sites = cohort.encounters, dict(cohort.labels), cohort.sites
    else:
        encounters, sites = read_export(export, settings.timezone), read_sites(export, form)
    scored = (assess_each(each, model) for each in tqdm(encounters, desc=f"Scoring {export.name}"))
    assessed = [each for scores in scored for each in _assessed(scores, model)]
    files = {"export": export, **({"outcomes": labels} if labels else {})}
    about = {"kind": "export", "origin": "simulated" if SIMULATED in sites.values() else "unstated"}
    hashes = {name: {"name": path.name, "sha256": file_sha256(path)} for name, path in files.items()}
    return Source(assessed, outcomes, about | hashes)


def _assessed(scores: Scores, model: Scorer) -> Iterator[Assessed]:
    for assessment in scores.assessments(model.classes):
        yield Assessed((scores.encounter, 0), scores.encounter, assessment)


def _of_record(settings: Settings, model: Scorer, said: dict[str, Any]) -> Source:
    """Read the record as it was scored."""
    labels, asked = said["outcomes"], wanted(settings, said)
    outcomes: dict[int, Outcome] | None = None
    if labels:
        outcomes = dict(read_labels(labels, settings.timezone, form_of(said)))
    about: dict[str, Any] = {"kind": "record", "origin": "record", "since": asked.since, "until": asked.until}
    if labels:
        about["outcomes"] = {"name": labels.name, "sha256": file_sha256(labels)}
    return Source(_Recorded(asked, model.identity.sha256), outcomes, about)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The record, read anew each time that it is gone through: it need not fit into memory."""

    wanted: Wanted
    model_sha256: str

    def __iter__(self) -> Iterator[Assessed]:
        for record in query.stream(self.wanted):
            assessment = assessment_of(record, self.model_sha256)
            if assessment is not None:
                yield Assessed(stream_of(record), record.encounter, assessment)
