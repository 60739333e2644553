"""`fcv model import`: a Keras file in, a model that this service can run out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np
import orjson

from fcv_api.cli.expectation import confirm, read_expectation
from fcv_api.domain.evidence import TrainedOn
from fcv_api.domain.prediction import State
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.lstm.artifact import Artifact, ArtifactError
from fcv_api.lstm.card import card_of
from fcv_api.lstm.import_process import import_file
from fcv_api.lstm.import_request import CLASSES, ImportRequest
from fcv_api.lstm.keras_import import STEPS, Report
from fcv_api.lstm.registry import check_part
from fcv_api.settings import Settings
from fcv_api.wire.answer import INFERENCE_KEYS

Known = TypeVar("Known")

CLASS_NAMES = {state.value: state for state in State} | {key: state for state, key in INFERENCE_KEYS.items()}
# What an import takes for granted where nobody says. --expect can prove all but the step.
ASSUMED = {
    "signs": "the nine signs in alphabetical order of their names",
    "scaling": "each window scaled by its own mean and deviation",
    "classes": "classes in the order cardiac arrest, low cardiac output, none of these, cardiogenic shock",
    "step": "one instant every 5 minutes",
}


def import_(file: Path, **said: Any) -> None:  # noqa: ANN401 - click's options, by name
    settings = Settings.from_environment()
    written = said["card"].read_text("utf-8") if said["card"] else None
    if said["expect"]:
        read_expectation(said["expect"])  # what is wrong with it is printed before the conversion, not after
    request = _request(file, said)
    folder = settings.models_dir / request.name / request.version
    if folder.exists():
        raise ArtifactError(f"{folder} exists; give another --version.")
    with _progress() as report:
        artifact = import_file(file, request, report)
    if said["expect"]:
        artifact, by_class = confirm(artifact, said["expect"], settings.timezone)
        proved = [ASSUMED["signs"], ASSUMED["scaling"], *([ASSUMED["classes"]] if by_class else [])]
        request = replace(request, assumed=tuple(each for each in request.assumed if each not in proved))
    card = card_of(request, written, file.name)
    artifact = replace(artifact, manifest=replace(artifact.manifest, card=card, assumed=request.assumed))
    artifact.save(folder)
    _print_imported(artifact, folder, met=bool(said["expect"]))


@contextmanager
def _progress() -> Iterator[Report]:
    """Show a bar on a terminal, and a line a step elsewhere."""
    steps: list[str] = []
    with click.progressbar(length=STEPS, show_eta=False, item_show_func=lambda step: step, file=sys.stderr) as bar:

        def report(step: str, done: int) -> None:
            if not sys.stderr.isatty() and steps[-1:] != [step]:
                steps.append(step)
                click.echo(f"{step} ...", err=True)
            bar.update(done - bar.pos, step)

        yield report


def _request(file: Path, said: dict[str, Any]) -> ImportRequest:
    """Put together what was said and what is assumed."""
    named, versioned = _named(file)
    return ImportRequest(
        name=check_part(said["name"] or named),
        version=check_part(said["version"] or versioned),
        trained_on=TrainedOn(said["trained_on"]),
        signs=_listed("--signs", said["signs"], dict(zip(SIGN_NAMES, SIGN_NAMES, strict=True)), SIGN_NAMES),
        classes=_listed("--classes", said["classes"], CLASS_NAMES, CLASSES),
        scaling=_scaling(said["scaling"], said["scaler"]),
        step_minutes=said["step"] or 5.0,
        horizon_minutes=said["horizon"],
        sampling=Sampling(said["sampling"]),
        assumed=tuple(text for option, text in ASSUMED.items() if not said[option]),
    )


def _named(file: Path) -> tuple[str, str]:
    """Take name and version from a file's name, as `LSTM--1.0.0.h5`."""
    match = re.fullmatch(r"(?P<name>.+?)--(?P<version>.+)", file.stem)
    return (match["name"], match["version"]) if match else (file.stem, "1.0.0")


def _listed(option: str, text: str | None, known: dict[str, Known], usual: tuple[Known, ...]) -> tuple[Known, ...]:
    """Read a list with commas that names each of the known things once. usual: where nothing was said."""
    if not text:
        return usual
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}.", param_hint=option)
    found = tuple(known[name] for name in names)
    if len(set(found)) != len(found) or len(found) != len(set(known.values())):
        raise click.BadParameter(f"each must be named once: {', '.join(known)}.", param_hint=option)
    return found


def _scaling(kind: str | None, scaler: Path | None) -> dict[str, Any]:
    if kind != "population":
        if scaler:
            raise click.BadParameter("goes with --scaling population.", param_hint="--scaler")
        return {"kind": "window"}
    if scaler is None:
        raise click.BadParameter("population needs --scaler, the patients' mean and deviation.", param_hint="--scaling")
    try:
        stored = orjson.loads(scaler.read_bytes())
        mean, deviation = (np.array(stored[key], dtype=np.float64) for key in ("mean", "deviation"))
    except (ValueError, KeyError, TypeError) as error:
        raise click.BadParameter(
            f"{scaler} must be JSON with mean and deviation: {error}.", param_hint="--scaler"
        ) from None
    shaped = mean.shape == deviation.shape == (len(SIGN_NAMES),)
    if not (shaped and np.isfinite([mean, deviation]).all() and (deviation > 0).all()):
        raise click.BadParameter(
            f"{scaler} must hold nine finite means and nine deviations over 0.", param_hint="--scaler"
        )
    return {"kind": "population", "mean": mean.tolist(), "deviation": deviation.tolist()}


def _print_imported(artifact: Artifact, folder: Path, *, met: bool) -> None:
    manifest, parity = artifact.manifest, artifact.manifest.parity
    click.echo(f"Imported {manifest.identity} to {folder}")
    click.echo(f"  largest difference to Keras over {parity['windows']} windows: {parity['largest_difference']:.1e}")
    click.echo(f"  evidence: {manifest.identity.standing}")
    if met:
        click.echo("  the expected probabilities were met, from rows to answer")
    for each in manifest.assumed:
        click.echo(f"  ASSUMED: {each}")
    if manifest.horizon_minutes is None:
        click.echo("  horizon not stated: give --horizon")
    click.echo(f"  put it into service with: fcv model activate {manifest.identity} --reason '...'")
