"""`fcv policy`: which policy alerts, without stopping the beds."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from fcv_api.alerts import policies
from fcv_api.alerts.policies import Activation, Wanted, policy_sha256, utc
from fcv_api.cli.active import artifact_of
from fcv_api.cli.audit import log_event
from fcv_api.cli.json_output import print_json
from fcv_api.cli.policy_files import policy_references, read_policy
from fcv_api.cli.policy_table import check_table, read_table
from fcv_api.domain.policy import Policy, UnusablePolicy
from fcv_api.domain.prediction import ModelIdentity
from fcv_api.settings import Settings


def list_(settings: Settings, *, as_json: bool) -> None:
    active = next(iter(policies.history()), None)
    if as_json:
        print_json(in_force=active and _as_json(active), policies=policy_references(settings.models_dir))
        return
    for reference in policy_references(settings.models_dir):
        is_active = active is not None and active.policy == reference
        mark, since = ("*", f"  {_since(active)}") if active and is_active else (" ", "")
        click.echo(f"{mark} {reference:<36}{since}".rstrip())
    if active is None or active.policy is None:
        click.echo("No policy is in force: nothing alerts.")


def _since(each: Activation) -> str:
    of = f" on {each.model}" if each.model else ""
    return f"in force{of} from {utc(each.begins_at):%Y-%m-%d %H:%M:%S} UTC, by {each.by}: {each.reason}"


def show(settings: Settings, reference: str) -> None:
    found = read_policy(settings.models_dir, reference)
    click.echo(f"{found.policy}: sha256 {policy_sha256(found.text)}\n\n{found.text.strip()}")


def activate(settings: Settings, reference: str, table: Path, reason: str, by: str) -> None:
    found, written = read_policy(settings.models_dir, reference), read_table(table)
    model = _model_of(settings, found.policy)
    named = (str(model), model.sha256) if model else None
    check_table(written, (str(found.policy), policy_sha256(found.text)), named)
    own = (model.name, model.version, model.sha256) if model else None
    _put_in_force(settings, Wanted(found.text, own, orjson.dumps(written).decode(), by, reason))


def rollback(settings: Settings, reason: str, by: str) -> None:
    past = policies.history()
    if not past:
        raise click.ClickException("No policy was activated yet, so there is nothing to go back to.")
    before = next((each for each in past if each.policy_id != past[0].policy_id), None)
    if before is None or before.policy is None:
        _print(settings, policies.deactivate(by, reason))
        return
    kept = policies.stored(before.id)
    model = _model_of(settings, Policy.read(kept.text))
    if model and kept.model != (model.name, model.version, model.sha256):
        of = f"{before.policy} was in force on {before.model}"
        raise UnusablePolicy(f"{of}, and {model} is active now: simulate it on this one, and activate it.")
    _put_in_force(settings, Wanted(kept.text, kept.model, kept.burden, by, reason))


def deactivate(settings: Settings, reason: str, by: str) -> None:
    _print(settings, policies.deactivate(by, reason))


def history(*, as_json: bool) -> None:
    past = policies.history()
    if as_json:
        print_json(activations=[_as_json(each) for each in past])
        return
    for each in past:
        named = f"{each.policy or 'no policy'}{f' on {each.model}' if each.model else ''}"
        click.echo(f"{each.id:>5}  {utc(each.begins_at):%Y-%m-%d %H:%M:%S} UTC  {named:<44} {each.by}: {each.reason}")


def _as_json(each: Activation) -> dict[str, object]:
    """Return a row of the history. policy: null where none was put in force."""
    names = {"policy": each.policy, "sha256": each.sha256, "model": each.model}
    return {"id": each.id, "begins_at": utc(each.begins_at), **names, "by": each.by, "reason": each.reason}


def _model_of(settings: Settings, wanted: Policy) -> ModelIdentity | None:
    """Return whose scores a policy reads: the active model's, where it is attested. Raises UnusablePolicy."""
    if settings.ledger != "required":
        raise UnusablePolicy("FCV_LEDGER is off: alerts are made of records, so nothing would alert.")
    if not wanted.reads_score:
        return None
    model = artifact_of(settings, None).manifest.identity
    if not model.evidence.validated:
        raise UnusablePolicy(
            f"{wanted} reads the score, and model {model} was never validated on real patients (evidence: "
            f"{model.standing}): nobody knows what its alerts are worth. Earn it with `fcv model attest` first."
        )
    return model


def _put_in_force(settings: Settings, wanted: Wanted) -> None:
    _print(settings, policies.activate(wanted))


def _print(settings: Settings, made: Activation) -> None:
    log_event(settings, "policy-activated", policy=made.policy, sha256=made.sha256, activation=made.id)
    if made.policy is None:
        click.echo(f"No policy is in force from {utc(made.begins_at):%H:%M:%S} UTC on: nothing alerts.")
    else:
        click.echo(f"{made.policy} {_since(made).split(', by')[0]} (activation {made.id}).")
