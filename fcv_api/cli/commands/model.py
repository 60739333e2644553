"""`fcv model`: what models there are, whether they can be trusted, and which one answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.choices import CLASSES
from fcv_api.cli.commands.kinds import DatabaseGroup
from fcv_api.cli.commands.options import FILE, POSITIVE

if TYPE_CHECKING:
    from fcv_api.settings import Settings


@click.group(cls=DatabaseGroup)
def model() -> None:
    """Import models, look at them, and put them into service."""


@model.command("list")
@options.as_json
@click.pass_obj
def list_(settings: Settings, /, **given: Any) -> None:
    """List the models of FCV_MODELS_DIR, and which one is active since when and by whom."""
    from fcv_api.cli.model import list_ as work

    work(settings, **given)


@model.command()
@click.argument("reference", metavar="[NAME[/VERSION]]", required=False)
@options.as_json
@click.pass_obj
def show(settings: Settings, /, **given: Any) -> None:
    """Show a model's manifest and card: the active one's when none is named."""
    from fcv_api.cli.model import show as work

    work(settings, **given)


@model.command()
@click.argument("reference", metavar="[NAME[/VERSION]]", required=False)
@click.option("--source", type=FILE, help="The Keras file, for a fresh parity run.")
@click.pass_obj
def verify(settings: Settings, /, **given: Any) -> None:
    """Check a model's sha256 and golden windows: the active one's when none is named.

    With --source, its parity with Keras too.
    """
    from fcv_api.cli.model import verify as work

    work(settings, **given)


@model.command()
@click.argument("reference", metavar="NAME/VERSION")
@click.pass_obj
def remove(settings: Settings, /, **given: Any) -> None:
    """Delete a model's folder. Never the active one's. What was activated once stays in the database's history."""
    from fcv_api.cli.model import remove as work

    work(settings, **given)


@model.command()
def card() -> None:
    """Print a card with all its headings, to fill in and give to `fcv model import --card`."""
    from fcv_api.cli.model import card as work

    work()


@model.command("import")
@click.argument("file", type=FILE)
@click.option("--name", help="The model's name. Without it, taken from FILE: LSTM--1.0.0.h5 is LSTM, 1.0.0.")
@click.option("--version", help="Its version. Without it, taken from FILE, or 1.0.0.")
@click.option(
    "--scaling",
    type=click.Choice(["window", "population"]),
    help="How the notebook scaled: each window by itself, or by its patients' mean and deviation (needs --scaler).",
)
@click.option("--scaler", type=FILE, help='For population: JSON {"mean": [9], "deviation": [9]}, by --signs.')
@click.option("--signs", metavar="A,B,...", help="The nine signs in the order of the model's columns.")
@click.option("--classes", metavar="A,B,C,D", help=f"Its outputs in order: {', '.join(CLASSES)}.")
@click.option("--step", type=click.FloatRange(0.1, 60), help="Minutes between two instants.  [default: 5]")
@options.sampling
@click.option("--horizon", type=POSITIVE, help="How many minutes ahead it looks.")
@options.trained_on
@options.evidence
@click.option("--card", type=FILE, help="A Markdown file that says what it is; `fcv model card` prints one to fill in.")
@click.option("--expect", type=FILE, help="An encounter and the notebook's four probabilities for it, to be met.")
def import_(**given: Any) -> None:
    """Turn a Keras FILE (.h5 or .keras) into a model that this service can run.

    Compares 256 windows with Keras, and with --expect one raw encounter with the notebook that made the model.
    Writes nothing unless all agree. Runs no code from FILE: Lambda layers and custom objects are refused. Needs
    TensorFlow, which the `train` extra installs.
    """
    from fcv_api.cli.model_import import import_ as work

    work(**given)


@model.command("attest")
@click.argument("reference", metavar="NAME/VERSION")
@click.option("--report", type=FILE, required=True, help="The report.json of `fcv evaluate`.")
@click.option("--data", type=FILE, required=True, help="The export that it was made from.")
@click.option("--outcomes", type=FILE, help="The labels that it was made from.")
@click.option("--signed-by", required=True, help="Who vouches for it, for the card.")
@click.pass_obj
def attest_(settings: Settings, /, **given: Any) -> None:
    """Write the evidence that a report on a hospital's patients earns a model.

    Refuses a report of other data than a hospital's, of another model or manifest, without every member that is
    needed, with under 20 events of an ill state, or made from other files than those that are given.
    """
    from fcv_api.cli.attest import attest_ as work

    work(settings, **given)


@model.command("report-schema")
def report_schema() -> None:
    """Print the JSON Schema of the report that `fcv model attest` reads."""
    from fcv_api.cli.attest import report_schema as work

    work()


@model.command()
@click.argument("reference", metavar="[NAME/]VERSION")
@options.reason
@options.by
@click.pass_obj
def activate(settings: Settings, /, **given: Any) -> None:
    """Put a model into service, on every worker and host, without a restart.

    Runs its golden windows first. Returns when every worker that was seen in the last minute serves it, or lists
    those that do not.
    """
    from fcv_api.cli.activation import activate as work

    work(settings, **given)


@model.command()
@options.reason_of_rollback
@options.by
@click.pass_obj
def rollback(settings: Settings, /, **given: Any) -> None:
    """Put the model back that was in service before the present one."""
    from fcv_api.cli.activation import rollback as work

    work(settings, **given)


@model.command()
@options.as_json
def history(**given: Any) -> None:
    """List all activations, the newest first."""
    from fcv_api.cli.activation import history as work

    work(**given)
