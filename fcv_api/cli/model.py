"""`fcv model`: bring a Keras model in, and look at what is there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from fcv_api.domain.prediction import Evidence
from fcv_api.lstm.artifact import ArtifactError
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_import import ImportRequest, import_model
from fcv_api.lstm.registry import SHIPPED, Registry, check_part
from fcv_api.settings import Settings

CARD = """# {name}/{version}

Imported from `{file}`. Nobody has written this card yet.

- **Evidence:** {evidence}.
- **Assumed, because a Keras file does not say it:** the nine signs in alphabetical order of their names, each
  window scaled by its own mean and deviation, classes in the order cardiac arrest, low cardiac output, none of
  these, cardiogenic shock, one instant every 5 minutes.
- **Horizon:** not stated.
- **Outputs:** scores, not calibrated probabilities.
"""


@click.group()
def model() -> None:
    """Import, list and show models."""


@model.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", help="The model's name. Without it, taken from FILE: LSTM--1.0.0.h5 is LSTM, 1.0.0.")
@click.option("--version", help="Its version. Without it, taken from FILE, or 1.0.0.")
@click.option(
    "--evidence",
    type=click.Choice([each.value for each in Evidence]),
    default=Evidence.UNSTATED.value,
    show_default=True,
    help="What its claim to be right rests on.",
)
@click.option("--card", type=click.Path(dir_okay=False, path_type=Path), help="A Markdown file that says what it is.")
def import_(file: Path, name: str | None, version: str | None, evidence: str, card: Path | None) -> None:
    """Turn a Keras FILE (.h5 or .keras) into a model that this service can run.

    Compares 256 windows with Keras and writes nothing unless all agree to 1e-5. Runs no code from FILE: Lambda
    layers and custom objects are refused. Needs TensorFlow, which the `train` extra installs.
    """
    settings = Settings.from_environment()
    named, versioned = _named(file)
    name, version = check_part(name or named), check_part(version or versioned)
    folder = settings.models_dir / name / version
    if folder.exists():
        raise ArtifactError(f"{folder} exists; give another --version.")
    told = (
        card.read_text("utf-8") if card else CARD.format(name=name, version=version, file=file.name, evidence=evidence)
    )
    request = ImportRequest(name, version, Evidence(evidence), told)
    try:
        artifact = import_model(KerasFile.inspect(file), request, lambda step: click.echo(f"{step} ...", err=True))
    except ImportError as error:
        command = f"{sys.executable} -m pip install -c constraints.txt -e '.[train]'"
        raise click.ClickException(
            f"{error.name or 'TensorFlow'} is not installed. Install it with: {command}"
        ) from None
    artifact.save(folder)
    manifest = artifact.manifest
    click.echo(f"Imported {manifest.identity} to {folder}")
    click.echo(
        f"  largest difference to Keras over {manifest.parity['windows']} windows: "
        f"{manifest.parity['largest_difference']:.1e}"
    )
    click.echo(f"  serve it with FCV_MODEL={manifest.identity}")


def _named(file: Path) -> tuple[str, str]:
    """Take name and version from a file's name, as `LSTM--1.0.0.h5`."""
    match = re.fullmatch(r"(?P<name>.+?)--(?P<version>.+)", file.stem)
    return (match["name"], match["version"]) if match else (file.stem, "1.0.0")


@model.command("list")
def list_() -> None:
    """List the models of FCV_MODELS_DIR."""
    settings = Settings.from_environment()
    registry = Registry(settings.models_dir)
    chosen = registry.resolve(settings.model or SHIPPED)
    for reference in registry.references():
        serves = reference == chosen
        try:
            told = registry.artifact(reference).manifest.evidence.value
        except ArtifactError as error:
            told = f"UNUSABLE: {error}"
        click.echo(f"{'*' if serves else ' '} {reference:<40} {told}")


@model.command()
@click.argument("reference", metavar="NAME[/VERSION]", default=SHIPPED)
def show(reference: str) -> None:
    """Show a model's manifest and card. Without NAME, the shipped one's."""
    registry = Registry(Settings.from_environment().models_dir)
    manifest = registry.artifact(reference).manifest
    lines = {
        "model": manifest.identity,
        "created": manifest.created,
        "sha256": manifest.sha256,
        "source": ", ".join(f"{key} {value}" for key, value in manifest.source.items()),
        "input": f"{manifest.input_shape[0]} instants of {manifest.input_shape[1]} signs, "
        f"{manifest.step_minutes:g} minutes apart",
        "signs": ", ".join(manifest.signs),
        "scaling": manifest.scaling["kind"],
        "classes": ", ".join(state.value for state in manifest.classes),
        "horizon": f"{manifest.horizon_minutes:g} minutes" if manifest.horizon_minutes else "not stated",
        "evidence": manifest.evidence.value,
        "parity": f"{manifest.parity['largest_difference']:.1e} over {manifest.parity['windows']} windows",
    }
    for label, value in lines.items():
        click.echo(f"{label + ':':<10} {value}")
    click.echo(f"\n{manifest.card}")
