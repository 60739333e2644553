"""`fcv plot`: one encounter as a picture."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from fcv_api.cli.active import load_model
from fcv_api.cli.commands.choices import PICTURES
from fcv_api.cli.predict import read_request
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import Refusal
from fcv_api.domain.window import History
from fcv_api.settings import Settings
from fcv_api.training.plot import draw, roll
from fcv_api.wire.export import read_export
from fcv_api.wire.files import replaced
from fcv_api.wire.labels import read_labels


def plot(file: Path, encounter: int | None, labels: Path | None, model: str | None, out: Path) -> None:
    if out.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{out} must end in {', '.join(PICTURES)}.", param_hint="--out")
    settings = Settings.from_environment()
    history = History.of(_read(file, encounter, settings))
    onset = _onset(labels, history.encounter.id, settings)
    figure = draw(history, onset, roll(history, load_model(settings, model)))
    with replaced(out) as part:
        figure.savefig(part)
    click.echo(f"Drew encounter {history.encounter.id} to {out}")


def _read(file: Path, wanted: int | None, settings: Settings) -> Encounter:
    """Read the encounter that is wanted, or the only one."""
    if file.suffix.lower() == ".json":
        found = [_read_request(file, settings)]
    else:
        found = read_export(file, settings.timezone, wanted)
    if len(found) > 1:
        raise click.BadParameter(
            f"{file} has {len(found)} encounters; choose one, such as {found[0].id}.", param_hint="--encounter"
        )
    if wanted not in (None, found[0].id):
        raise UnusableExport(f"{file} has no encounter {wanted}; it has {found[0].id}.")
    return found[0]


def _read_request(file: Path, settings: Settings) -> Encounter:
    read = read_request(file, settings)
    if isinstance(read, Refusal):
        raise read.reason
    return read


def _onset(labels: Path | None, encounter: int, settings: Settings) -> np.datetime64 | None:
    if labels is None:
        return None
    found = read_labels(labels, settings.timezone).get(encounter)
    if found is None:
        raise UnusableExport(f"{labels} has no label for encounter {encounter}.")
    return found.onset
