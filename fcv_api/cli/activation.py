"""`fcv model activate`, `rollback` and `history`: which model answers, without stopping the beds."""

from __future__ import annotations

import hashlib
import os
import time

import click

from fcv_api import activations
from fcv_api.activations import PINNED, Activation, ModelCopy, Worker
from fcv_api.alerts import query
from fcv_api.app import refused, unvalidated
from fcv_api.cli.active import stored_artifact
from fcv_api.cli.audit import log_event
from fcv_api.cli.json_output import print_json
from fcv_api.feed.process import is_here
from fcv_api.lstm import trial
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import SHIPPED, Registry
from fcv_api.settings import Settings

SECONDS_TO_WAIT = 15


def activate(settings: Settings, reference: str, reason: str, by: str) -> None:
    _refuse_when_pinned(settings)
    if "/" not in reference:
        current = activations.in_force()
        reference = f"{(current.reference if current else SHIPPED).partition('/')[0]}/{reference}"
    _put_in_force(settings, Registry(settings.models_dir).artifact(reference), by, reason)


def rollback(settings: Settings, reason: str, by: str) -> None:
    _refuse_when_pinned(settings)
    past = activations.history()
    if not past:
        raise click.ClickException("Nothing was activated yet, so there is nothing to go back to.")
    before = next((each for each in past if each.model_id != past[0].model_id), None)
    artifact = stored_artifact(before) if before else Registry(settings.models_dir).artifact(SHIPPED)
    _put_in_force(settings, artifact, by, reason)


def history(*, as_json: bool) -> None:
    past = activations.history()
    if as_json:
        print_json(activations=[activation_as_json(each) for each in past])
        return
    for each in past:
        click.echo(f"{each.id:>5}  {each.at:%Y-%m-%d %H:%M:%S} UTC  {each.reference:<32} {each.by}: {each.reason}")


def activation_as_json(each: Activation) -> dict[str, object]:
    """Return a row of the history."""
    words = {"by": each.by, "reason": each.reason}
    return {"id": each.id, "at": each.at, "model": each.reference, "sha256": each.sha256} | words


def _refuse_when_pinned(settings: Settings) -> None:
    """Raise ClickException where the settings of this very host name its model."""
    if settings.model:
        raise click.ClickException(
            f"The model is {PINNED}={settings.model} in these settings. Take it out of them and restart, then activate."
        )


def _put_in_force(settings: Settings, artifact: Artifact, by: str, reason: str) -> None:
    manifest = trial.load(artifact, settings.log_dir).manifest  # runs the golden windows
    if refusal := refused(settings, manifest.identity):
        raise click.ClickException(refusal)
    if words := unvalidated(manifest.identity):
        click.echo(f"{words}. Its answers must not be acted on.", err=True)
    number = activations.activate(_copy(artifact), by, reason)
    log_event(settings, "model-activated", model=str(manifest.identity), sha256=manifest.sha256, activation=number)
    click.echo(f"Activated {manifest.identity} (activation {number}).")
    _warn_of_policy(manifest.sha256)
    _wait(number)


def _warn_of_policy(sha256: str) -> None:
    """Print where the policy in force reads the scores of another model: none of this one's alerts."""
    force = query.in_force()
    if force and force.model_sha256 not in (None, sha256):
        click.echo(
            f"The policy {force.policy} counts the scores of another model, so no score alerts now: simulate it on "
            "this one and run `fcv policy activate`.",
            err=True,
        )


def _copy(artifact: Artifact) -> ModelCopy:
    manifest = artifact.manifest.as_json()
    return ModelCopy(
        name=artifact.manifest.name,
        version=artifact.manifest.version,
        sha256=artifact.manifest.sha256,
        manifest_sha256=hashlib.sha256(manifest).hexdigest(),
        manifest=manifest,
        flatbuffer=artifact.flatbuffer,
    )


def _wait(activation: int) -> None:
    """Wait until every worker has taken an activation up. Raises ClickException with those that have not.

    Those whose own settings name their model take none up, and are meant not to: they are printed, and are no failure.
    """
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while (late := _late(activation)) and time.monotonic() < deadline:
        if any(worker.problem for worker in late):
            break
        time.sleep(0.1)
    alive = _alive()
    for each in alive:
        if each.problem == PINNED:
            click.echo(f"{_name(each)} goes on with {each.name}/{each.version}: it is {PINNED}.", err=True)
    if late:
        words = "\n".join(f"  {_name(each)} {each.name}/{each.version} {each.problem}".rstrip() for each in late)
        raise click.ClickException(f"These workers go on serving another model:\n{words}")
    click.echo(f"{sum(each.problem != PINNED for each in alive)} workers serve it.")


def _late(activation: int) -> list[Worker]:
    return [worker for worker in _alive() if worker.activation < activation and worker.problem != PINNED]


def _alive() -> list[Worker]:
    """Return the workers seen in the last minute, without those of this host that have ended since."""
    return [worker for worker in activations.workers() if not is_here(worker.host) or _runs(worker.pid)]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _name(worker: Worker) -> str:
    return f"{worker.host}:{worker.pid}"
