"""`fcv ledger replay --model`: a silent trial of a model, on what the service answered and on what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click
import orjson

from fcv_api import __version__, scoring
from fcv_api.alerts.assessments import assessment_of, stream_of
from fcv_api.alerts.policies import history, policy_sha256
from fcv_api.alerts.query import in_force
from fcv_api.cli.active import artifact_of
from fcv_api.cli.ledger_replay import wanted
from fcv_api.cli.policy_files import read_policy
from fcv_api.cli.trial_table import print_trial
from fcv_api.cli.validation_task import USUAL_HORIZON, kept_outcomes, stay_of
from fcv_api.domain.errors import ModelOutput, NoModel
from fcv_api.domain.policy import Assessment, Policy
from fcv_api.feed import stays
from fcv_api.ledger import query
from fcv_api.ledger.record import Record
from fcv_api.lstm import trial as loading
from fcv_api.lstm.artifact import Manifest
from fcv_api.lstm.runtime import RUNTIME, LiteRtModel
from fcv_api.settings import Settings
from fcv_api.training.dataset import Horizon
from fcv_api.training.fingerprints import Fingerprints, learnt_from, texts_of_stay
from fcv_api.validation.policy_alarms import Followed
from fcv_api.validation.record_reader import OTHER_WINDOW
from fcv_api.validation.spanish import ENGLISH
from fcv_api.validation.trial_figures import trial_members
from fcv_api.validation.trial_stays import trial_data
from fcv_api.validation.trial_windows import Trial, TrialGatherer, Tried

SCHEMA = "fcv-silent-trial-1"
AT_ONCE = 500
Members = dict[str, Any]


def try_out(settings: Settings, reference: str, said: dict[str, Any]) -> None:
    """Try a model on the record, and print what it would have changed. said: the command's options, by name."""
    if said["with_test_beds"]:
        raise click.UsageError("A trial is of patients: the beds of test sources are never part of it.")
    artifact = artifact_of(settings, reference)
    model = loading.load(artifact, settings.log_dir)
    policy, about = _followed(settings, said["policy"])
    gatherer = TrialGatherer(policy)
    for tried in tries(query.stream(wanted(settings, said)), model):
        gatherer.take(tried)
    horizon = Horizon(said["horizon"] or artifact.manifest.horizon_minutes or USUAL_HORIZON)
    outcomes = {number: stay_of(rows) for number, rows in kept_outcomes().items() if number in gatherer.stays}
    trial = gatherer.together(outcomes, horizon)
    if not len(trial.windows):
        raise click.ClickException("There is no recorded window to score.")
    _refuse_known(artifact.manifest, trial, other_hospital=said["other_hospital"])
    _print(_report(artifact.manifest, trial, about, horizon), said)


def _print(report: Members, said: dict[str, Any]) -> None:
    if said["as_json"]:
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())
    else:
        print_trial(report, said["language"] or ENGLISH)


def tries(records: Iterator[Record], model: LiteRtModel) -> Iterator[Tried]:
    """Ask a model about each recorded window. Test sources are left out. A refused record is refused by both."""
    for record in records:
        answered = assessment_of(record, record.model_sha256)
        if answered is None:
            continue
        candidate, refused = _candidate(record, answered, model)
        yield Tried(record, stream_of(record), (answered, candidate), (record.problem, refused))


def _candidate(record: Record, answered: Assessment, model: LiteRtModel) -> tuple[Assessment, str | None]:
    nothing = Assessment(answered.at, None, (), refused=True)
    if record.problem is not None:
        return nothing, record.problem
    try:
        said = scoring.replay(record, model, RUNTIME).probabilities
    except NoModel:
        return nothing, OTHER_WINDOW
    except ModelOutput as reason:
        return nothing, reason.code
    return Assessment(answered.at, said, answered.warnings), None


def _followed(settings: Settings, reference: str | None) -> tuple[Policy | None, Members | None]:
    """Return the policy that is named, or the one in force, and what is said of it; nothing where there is neither."""
    if reference:
        file = read_policy(settings.models_dir, reference)
        return file.policy, _about(Followed(file.policy, policy_sha256(file.text)), is_in_force=False)
    force = in_force()
    if force is None or force.policy is None:
        return None, None
    sha256 = next(each.sha256 for each in history() if each.id == force.activation)
    return force.policy, _about(Followed(force.policy, sha256 or ""), is_in_force=True)


def _about(followed: Followed, *, is_in_force: bool) -> Members:
    return {"kind": "policy", "in_force": is_in_force} | followed.as_json()


def _refuse_known(manifest: Manifest, trial: Trial, *, other_hospital: bool) -> None:
    """Raise UnusableData where the model learnt from any patient whose outcome it is judged by."""
    if manifest.learnt_from is None:
        return
    known = Fingerprints.read(manifest.learnt_from)
    found = [
        number
        for number, label in trial.labels.items()
        if known.knows_any(
            texts_of_stay(number, trial.stays[number].first, label.patient), other_hospital=other_hospital
        )
    ]
    if found:
        raise learnt_from(str(manifest.identity), found, len({trial.labels[each].patient for each in found}))


def _report(manifest: Manifest, trial: Trial, policy: Members | None, horizon: Horizon) -> Members:
    """Return the trial as JSON holds it."""
    figures = trial_members(trial, policy)
    for at in figures["alarms"]:
        _name_beds(at["changed"])
    return {
        "schema": SCHEMA,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": f"fcv ledger replay {__version__}",
        "candidate": {"model": str(manifest.identity), "model_sha256": manifest.sha256},
        "answered": {"models": dict(trial.by.most_common())},
        "horizon_minutes": horizon.minutes,
        **trial_data(trial),
        **figures,
    }


def _name_beds(changed: Members) -> None:
    """Add to each stay that would have changed the bed that it was in last, where the feed knows it."""
    listed = [*changed["gained"], *changed["lost"]]
    numbers = [int(each["encounter"]) for each in listed]
    beds: dict[int, str | None] = {}
    for start in range(0, len(numbers), AT_ONCE):
        beds |= {each.id: each.bed for each in stays.numbered(numbers[start : start + AT_ONCE])}
    for each in listed:
        each["bed"] = beds.get(int(each["encounter"]))
