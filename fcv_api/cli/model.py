"""`fcv model`: what models there are, and whether they can be trusted."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.activations import Activation
from fcv_api.cli.activation import activation_as_json
from fcv_api.cli.active import artifact_of, in_force
from fcv_api.cli.json_output import print_json
from fcv_api.lstm import trial
from fcv_api.lstm.artifact import ArtifactError, Manifest
from fcv_api.lstm.card import template
from fcv_api.lstm.import_process import parity_of
from fcv_api.lstm.registry import SHIPPED, Registry
from fcv_api.settings import Settings


def list_(settings: Settings, *, as_json: bool) -> None:
    registry = Registry(settings.models_dir)
    active, since = _active(settings)
    references = registry.references()
    every = [*references, *([active] if active not in references else [])]
    if as_json:
        models = [{"model": each, "active": each == active} | _evidence(registry, each) for each in every]
        print_json(active=active, since=since, models=models)
        return
    for reference in every:
        mark, since_when = ("*", f"  active {since}") if reference == active else (" ", "")
        found = _evidence(registry, reference)
        standing = found["problem"] or f"{found['evidence']} ({found['trained_on']})"
        click.echo(f"{mark} {reference:<36} {standing:<26}{since_when}")


def _active(settings: Settings) -> tuple[str, str]:
    """Return the active model, and in words since when and by whom."""
    if settings.model:
        return Registry(settings.models_dir).resolve(settings.model), "by FCV_MODEL"
    current = in_force(settings)
    if current is None:
        return SHIPPED, "because nothing else was activated"
    return current.reference, f"since {current.at:%Y-%m-%d %H:%M} UTC, by {current.by}: {current.reason}"


def _evidence(registry: Registry, reference: str) -> dict[str, str | None]:
    """Return what stands behind a model, or its problem."""
    nothing: dict[str, str | None] = dict.fromkeys(("evidence", "trained_on", "problem"))
    if not registry.folder(reference).exists():
        return nothing | {"problem": "not on this host"}
    try:
        manifest = registry.artifact(reference).manifest
    except ArtifactError as error:
        return nothing | {"problem": f"UNUSABLE: {error}"}
    return nothing | {"evidence": manifest.evidence.value, "trained_on": manifest.trained_on.value}


def show(settings: Settings, reference: str | None, *, as_json: bool) -> None:
    manifest = artifact_of(settings, reference).manifest
    past = _history_of(manifest)
    if as_json:
        written = {label.replace(" ", "_"): str(value) for label, value in _described(manifest).items()}
        print_json(**written, activations=[activation_as_json(each) for each in past], card=manifest.card)
        return
    for label, value in _described(manifest).items():
        click.echo(f"{label + ':':<11} {value}")
    for each in past:
        click.echo(f"{'active:':<11} from {each.at:%Y-%m-%d %H:%M} UTC, by {each.by}: {each.reason}")
    click.echo(f"\n{manifest.card}")


def _history_of(manifest: Manifest) -> list[Activation]:
    try:
        return [each for each in activations.history() if each.reference == str(manifest.identity)]
    except SQLAlchemyError:
        return []


def _described(manifest: Manifest) -> dict[str, object]:
    parity = manifest.parity
    return {
        "model": manifest.identity,
        "created": manifest.created,
        "sha256": manifest.sha256,
        "source": ", ".join(f"{key} {value}" for key, value in manifest.source.items()),
        "input": f"{manifest.input_shape[0]} instants of {manifest.input_shape[1]} signs, "
        f"{manifest.step_minutes:g} minutes apart",
        "sampling": f"the {manifest.spec.sampling} value of a step, where rows are denser",
        "signs": ", ".join(manifest.signs),
        "scaling": manifest.scaling["kind"],
        "classes": ", ".join(state.value for state in manifest.classes),
        "horizon": f"{manifest.horizon_minutes:g} minutes" if manifest.horizon_minutes else "not stated",
        "evidence": manifest.evidence.value,
        "trained on": manifest.trained_on.value,
        "attested": _attested(manifest),
        "refit": f"{manifest.refit['kind']} of {manifest.refit['parent']}" if manifest.refit else "no",
        "assumed": "; ".join(manifest.assumed) or "nothing",
        "parity": f"{parity['largest_difference']:.1e} over {parity['windows']} windows",
        "golden": f"{len(manifest.golden)} windows",
    }


def _attested(manifest: Manifest) -> str:
    made = manifest.attestation
    return f"by {made.signed_by} at {made.at}, report sha256 {made.report_sha256}" if made else "by nobody"


def verify(settings: Settings, reference: str | None, source: Path | None) -> None:
    artifact = artifact_of(settings, reference)
    trial.load(artifact, settings.log_dir)
    manifest = artifact.manifest
    click.echo(f"{manifest.identity}: sha256 {manifest.sha256} is the manifest's.")
    click.echo(f"{manifest.identity}: all {len(manifest.golden)} golden windows come out.")
    if source is None:
        return
    if manifest.refit:
        parent = manifest.refit["parent"]
        raise ArtifactError(f"{manifest.identity} is a refit of {parent}: compare {parent} with the Keras file.")
    largest = parity_of(source, artifact)
    click.echo(f"{manifest.identity}: differs from {source.name} by at most {largest:.1e} over 256 windows.")


def remove(settings: Settings, reference: str) -> None:
    registry = Registry(settings.models_dir)
    folder = registry.folder(reference)
    if not folder.is_dir():
        raise ArtifactError(f"There is no {folder}.")
    resolved = registry.resolve(reference)
    if resolved in (_active(settings)[0], SHIPPED):
        raise ArtifactError(f"{resolved} is active, or serves where nothing is; it is not removed.")
    shutil.rmtree(folder)
    click.echo(f"Removed {folder}.")


def card() -> None:
    click.echo(template())
