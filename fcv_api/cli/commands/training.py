"""`fcv train`, `evaluate`, `reference`, `ablation` and `plot`: from labelled encounters to a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.choices import (
    ABLATED,
    ACTIVATIONS,
    LAYERS,
    LEARNT_FROM,
    PICTURES,
    RECIPE,
    TESTED_ON,
)
from fcv_api.cli.commands.kinds import ExtraCommand
from fcv_api.cli.commands.options import FILE, FOLDER, POSITIVE


@click.command("train", cls=ExtraCommand, short_help="Train a model on an export and its labels, and import it.")
@click.argument("export", type=FILE)
@click.argument("labels", type=FILE)
@click.option("--name", required=True, help="The model's name.")
@click.option("--version", default="1.0.0", show_default=True, help="Its version.")
@click.option("--scaling", type=click.Choice(["window", "population"]), default="window", show_default=True)
@options.sampling
@click.option("--horizon", type=POSITIVE, default=30.0, show_default=True, help="Minutes ahead.")
@click.option(
    "--every", type=click.IntRange(1), default=3, show_default=True, help="A window ends at each N-th instant."
)
@click.option("--owner", default="", help="Who answers for it, for its card.")
@click.option("--setting", default="", help="Who is to use it, and on which ward, for its card.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="When to measure it again.  [default: in a year]")
@options.trained_on
@options.encoding
@options.dates
@options.evidence
@click.option("--layer", type=click.Choice(LAYERS), default=RECIPE["layer"], show_default=True)
@click.option("--units", type=click.IntRange(1, 1024), default=RECIPE["units"], show_default=True)
@click.option("--activation", type=click.Choice(ACTIVATIONS), default=RECIPE["activation"], show_default=True)
@click.option("--epochs", type=click.IntRange(1), default=RECIPE["epochs"], show_default=True, help="At most.")
@click.option("--batch", type=click.IntRange(1), default=RECIPE["batch"], show_default=True, help="Windows a step.")
@click.option("--rate", type=POSITIVE, default=RECIPE["rate"], show_default=True)
@click.option("--patience", type=click.IntRange(0), default=RECIPE["patience"], show_default=True)
@click.option(
    "--noise", type=click.FloatRange(0), default=RECIPE["noise"], show_default=True, help="Added to learn from."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=RECIPE["seed"], show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="The folder of models.  [default: FCV_MODELS_DIR]")
@click.option("--summary", type=FILE, help="Write how the model came about to this JSON file.")
def train(**given: Any) -> None:
    """Train a model on an EXPORT and its LABELS, both CSV or Parquet, and import it.

    EXPORT has the columns idAtencion, nomSigno, valor, fecRegistro; LABELS has idAtencion, State, onset and, where a
    patient stayed twice, idPaciente. A fifth of the patients is kept aside to stop the training and to calibrate by.
    The same files and the same --seed give the same model.
    """
    from fcv_api.cli.train import command as work

    work(**given)


@click.command("evaluate", cls=ExtraCommand, short_help="Measure a model on an export and its labels.")
@click.argument("export", type=FILE)
@click.argument("labels", type=FILE)
@options.model
@click.option("--out", type=FOLDER, required=True, help="The report's folder.")
@click.option("--train", type=FILE, help="An export of other patients, to fit the baselines on.")
@click.option("--train-labels", type=FILE, help="Its labels.")
@options.every
@click.option("--horizon", type=POSITIVE, help="Minutes ahead.  [default: the model's own, or 30]")
@options.origin
@options.other_hospital
@options.encoding
@options.dates
def evaluate(**given: Any) -> None:
    """Measure a model on EXPORT and LABELS, and write report.html and report.json.

    Without --train, baselines are fitted on EXPORT itself, in five folds by patient. Patients that the model learnt
    from are refused, also by other stays of theirs.
    """
    from fcv_api.cli.evaluate import evaluate as work

    work(**given)


@click.command("reference", cls=ExtraCommand, short_help="Make the shipped model again, from its seeds.")
@click.option("--patients", type=click.IntRange(1), default=LEARNT_FROM, show_default=True, help="To learn from.")
@click.option("--tested", type=click.IntRange(1), default=TESTED_ON, show_default=True, help="To measure on.")
@click.option("--out", type=FOLDER, required=True, help="An empty folder.")
def reference(**given: Any) -> None:
    """Make the shipped model again: simulate, train, and measure on patients whom nothing was chosen by.

    Writes OUT/models/NAME/VERSION, its Keras file, OUT/report.html, OUT/report.json and OUT/trainings.json. On one
    machine it gives the same figures each time.
    """
    from fcv_api.cli.reference import reference as work

    work(**given)


@click.command("ablation", cls=ExtraCommand, short_help="Take away each thing that the simulator was made to do.")
@options.model
@click.option("--patients", type=click.IntRange(1), default=ABLATED, show_default=True, help="Simulated, each time.")
@click.option("--out", type=FILE, required=True, help="The JSON file.")
def ablation(**given: Any) -> None:
    """Take each scripted feature from the simulator in turn, and write what a model's AUPRC changes by.

    Ends with a failure where one feature is worth more than a quarter of a state's AUPRC.
    """
    from fcv_api.cli.ablation import ablation as work

    work(**given)


@click.command("plot", cls=ExtraCommand, short_help="Draw an encounter, and what a model says of it.")
@click.argument("file", type=FILE)
@click.option("--encounter", type=int, help="Which encounter of FILE, where it has several.")
@click.option("--labels", type=FILE, help="Its label file, for the onset.")
@click.option("--model", metavar="NAME[/VERSION]", help="Which model answers, instead of the active one.")
@click.option("-o", "--out", type=FILE, required=True, help=f"The picture: {', '.join(PICTURES)}.")
def plot(**given: Any) -> None:
    """Draw an encounter of FILE: its signs over time, and beneath them what the model would have said at each instant.

    FILE is an export (.csv or .parquet) or a JSON file as posted to /predict.
    """
    from fcv_api.cli.plot import plot as work

    work(**given)
