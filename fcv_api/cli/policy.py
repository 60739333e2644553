"""`fcv policy`: which policy alerts, without stopping the beds."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from fcv_api.alerts import policies
from fcv_api.alerts.policies import Activation, Wanted, policy_sha256, utc
from fcv_api.app import database_app
from fcv_api.cli.activation import BY, REASON
from fcv_api.cli.active import artifact_of
from fcv_api.cli.audit import log_event
from fcv_api.cli.policy_files import policy_references, read_policy
from fcv_api.cli.policy_table import check_table, read_table
from fcv_api.domain.policy import Policy, UnusablePolicy
from fcv_api.domain.prediction import ModelIdentity
from fcv_api.settings import Settings


@click.group()
@click.pass_context
def policy(context: click.Context) -> None:
    """Look at policies, and put one in force: without one nothing alerts."""
    if context.invoked_subcommand and not context.resilient_parsing:
        context.obj = Settings.from_environment()
        context.with_resource(database_app(context.obj).app_context())


@policy.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the policies of FCV_MODELS_DIR, and which one is in force since when and by whom."""
    active = next(iter(policies.history()), None)
    for reference in policy_references(settings.models_dir):
        is_active = active is not None and active.policy == reference
        mark, since = ("*", f"  {_since(active)}") if active and is_active else (" ", "")
        click.echo(f"{mark} {reference:<36}{since}".rstrip())
    if active is None or active.policy is None:
        click.echo("No policy is in force: nothing alerts.")


def _since(each: Activation) -> str:
    of = f" on {each.model}" if each.model else ""
    return f"in force{of} from {utc(each.begins_at):%Y-%m-%d %H:%M:%S} UTC, by {each.by}: {each.reason}"


@policy.command()
@click.argument("reference", metavar="NAME/VERSION")
@click.pass_obj
def show(settings: Settings, reference: str) -> None:
    """Print a policy's file and its sha256."""
    found = read_policy(settings.models_dir, reference)
    click.echo(f"{found.policy}: sha256 {policy_sha256(found.text)}\n\n{found.text.strip()}")


@policy.command()
@click.argument("reference", metavar="NAME/VERSION")
@click.option(
    "--table",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="What `fcv alerts simulate --json` wrote of it.",
)
@REASON
@BY
@click.pass_obj
def activate(settings: Settings, reference: str, table: Path, reason: str, by: str) -> None:
    """Put a policy in force, on every worker and host, ten seconds from now.

    Needs the table of its burden. A policy that reads the score needs an attested model too: the active one, whose
    scores alone count from then on.
    """
    found, written = read_policy(settings.models_dir, reference), read_table(table)
    model = _model_of(settings, found.policy)
    named = (str(model), model.sha256) if model else None
    check_table(written, (str(found.policy), policy_sha256(found.text)), named)
    own = (model.name, model.version, model.sha256) if model else None
    _put_in_force(settings, Wanted(found.text, own, orjson.dumps(written).decode(), by, reason))


@policy.command()
@click.option("--reason", default="rollback", show_default=True, help="Why, for the history.")
@BY
@click.pass_obj
def rollback(settings: Settings, reason: str, by: str) -> None:
    """Put back what was in force before: another policy, or none."""
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


@policy.command()
@REASON
@BY
@click.pass_obj
def deactivate(settings: Settings, reason: str, by: str) -> None:
    """Put no policy in force: nothing alerts ten seconds from now on."""
    _print(settings, policies.deactivate(by, reason))


@policy.command()
def history() -> None:
    """List all activations, the newest first."""
    for each in policies.history():
        named = f"{each.policy or 'no policy'}{f' on {each.model}' if each.model else ''}"
        click.echo(f"{each.id:>5}  {utc(each.begins_at):%Y-%m-%d %H:%M:%S} UTC  {named:<44} {each.by}: {each.reason}")


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
