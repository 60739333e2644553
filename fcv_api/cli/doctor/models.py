"""`fcv doctor`: the model that answers, its copies, and what the workers say that they serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.activations import PINNED, Activation, Worker
from fcv_api.app import refused, unvalidated
from fcv_api.cli.active import stored_artifact
from fcv_api.cli.doctor.database import can_be_asked
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place
from fcv_api.feed.process import is_feed
from fcv_api.lstm import trial
from fcv_api.lstm.artifact import ArtifactError
from fcv_api.lstm.registry import SHIPPED, Registry
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.settings import Settings

RESTORE = (
    "Restore that folder from the backup or the checkout, or correct FCV_MODELS_DIR; a restart is refused without it."
)


def check_model(place: Place) -> Iterator[Finding]:
    """Run the golden windows of the model in force, and look at its copy on this host's disk."""
    settings, registry = place.settings, Registry(place.settings.models_dir)
    try:
        started = registry.load(settings.model, settings.log_dir)
    except ArtifactError as error:
        yield Finding("model", FAILED, f"What the service starts with cannot be used: {error}", RESTORE)
        return
    try:
        current = activations.in_force() if can_be_asked(settings) and not settings.model else None
        model, source = (
            (_activated(settings, current), "the database")
            if current
            else (started, str(registry.folder(settings.model or SHIPPED)))
        )
    except SQLAlchemyError:
        detail = f"{started.identity} works; which one is active, the database does not say."
        yield Finding("model", WARNING, detail, "See the check of the database.")
        return
    except ArtifactError as error:
        advice = "Put a sound one into service: `fcv model activate`, or `fcv model rollback`."
        yield Finding("model", FAILED, f"The active model cannot be used: {error}", advice)
        return
    golden = len(model.manifest.golden)
    yield Finding("model", OK, f"{model.identity}, from {source}: its {golden} golden windows come out.")
    yield from _copy_on_disk(settings, model)
    yield from _evidence(settings, model)
    if can_be_asked(settings):
        yield from _workers()


def _activated(settings: Settings, current: Activation) -> LiteRtModel:
    return trial.load(stored_artifact(current), settings.log_dir)


def _copy_on_disk(settings: Settings, model: LiteRtModel) -> Iterator[Finding]:
    try:
        Registry(settings.models_dir).check_on_disk(model.manifest)
    except ArtifactError as error:
        yield Finding("model", FAILED, f"Its folder on this host is damaged: {error}", RESTORE)


EARN = "Earn its evidence with `fcv model attest`, or activate a model that has."
UNPROVED = "Act on none of its answers before `fcv model attest` has accepted a report on real patients."


def _evidence(settings: Settings, model: LiteRtModel) -> Iterator[Finding]:
    if refusal := refused(settings, model.identity):
        yield Finding("model", FAILED, refusal, EARN)
    elif named := unvalidated(model.identity):
        yield Finding("model", WARNING, f"{named}.", UNPROVED)


def _workers() -> Iterator[Finding]:
    seen = activations.workers()
    yield from _unwell(seen)
    free = [each for each in seen if each.problem != PINNED]
    serving = _serving(free)
    if len(serving) > 1:
        advice = "Wait two seconds and look again; restart the service of a host that stays behind."
        yield Finding("workers", WARNING, f"They serve different models: {', '.join(_named(serving))}.", advice)
    elif all(is_feed(worker.host) for worker in seen):
        advice = f"Start the service, or see why it does not start; it would serve {SHIPPED} where nothing is active."
        yield Finding("workers", WARNING, "No worker has reported in the last 60 s.", advice)
    elif free:
        yield Finding("workers", OK, f"{len(free)} serve it.")


def _unwell(seen: list[Worker]) -> Iterator[Finding]:
    """Return those that did not take an activation up, and those whose own settings name their model."""
    for worker in seen:
        where = f"{worker.host}:{worker.pid} goes on with {worker.name}/{worker.version}"
        if worker.problem == PINNED:
            advice = "Take FCV_MODEL out of that host's settings and restart it, if it is to serve what is activated."
            yield Finding("workers", WARNING, f"{where}: it is {worker.problem}.", advice)
        elif worker.problem:
            advice = "Correct the cause and activate again, or `fcv model rollback`."
            yield Finding("workers", FAILED, f"{where}. {worker.problem}", advice)


def _serving(workers: list[Worker]) -> dict[tuple[str, str, str], set[str]]:
    """Return the hosts of each model that some workers serve: by its reference, its sha256 and its manifest's.

    A worker that took no activation up serves what it started with, whose manifest is its host's.
    """
    manifests = {each.id: each.manifest_sha256 for each in activations.history()}
    found: dict[tuple[str, str, str], set[str]] = {}
    for each in workers:
        key = (f"{each.name}/{each.version}", each.sha256, manifests.get(each.activation, ""))
        found.setdefault(key, set()).add(each.host)
    return found


def _named(serving: dict[tuple[str, str, str], set[str]]) -> list[str]:
    """Return each model with its hosts, and with its hashes where the reference alone does not tell two apart."""
    references = Counter(reference for reference, _, _ in serving)
    named = []
    for (reference, sha256, manifest), hosts in serving.items():
        hashes = f" (sha256 {sha256[:8]}, manifest {manifest[:8] or 'of its start'})"
        named.append(f"{reference}{hashes if references[reference] > 1 else ''} on {', '.join(sorted(hosts))}")
    return sorted(named)
