"""`fcv validate`, `drift` and `outcomes`: does a model work here?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.choices import EARLY_SHARE, REFITS
from fcv_api.cli.commands.kinds import DatabaseGroup, ExtraCommand, ExtraDatabaseCommand
from fcv_api.cli.commands.options import DAY, FILE, FOLDER, POSITIVE

if TYPE_CHECKING:
    from fcv_api.settings import Settings


@click.command("validate", cls=ExtraCommand, short_help="Does a model work here? With outcomes, on a report.")
@click.argument("export", type=FILE, required=False)
@click.argument("outcomes", type=FILE, required=False)
@options.model
@click.option(
    "--policy",
    metavar="NAME/VERSION|FILE",
    help="By which alarms go.  [default: thresholds of 1.2 and 4.8 alarms a day]",
)
@click.option("--out", type=FOLDER, required=True, help="The report's folder.")
@click.option("--since", type=DAY, help="Only stays, or records, from then on, in FCV_TIMEZONE.")
@click.option("--split", type=click.Choice(["temporal", "none"]), default="temporal", show_default=True)
@click.option(
    "--early",
    type=click.FloatRange(0.1, 0.9),
    default=EARLY_SHARE,
    show_default=True,
    help="The share of stays that come first, for baselines and a refit.",
)
@click.option("--refit", type=click.Choice(REFITS), help="Refit on the early part, and show both on the late one.")
@click.option("--version", help="Of the refitted model, which is saved.")
@options.every
@click.option("--horizon", type=POSITIVE, help="Minutes.  [default: the model's own, or 30]")
@options.origin
@options.other_hospital
@options.encoding
@options.dates
def validate(**given: Any) -> None:
    """Measure a model on EXPORT and OUTCOMES, in time: what came first may be learnt from, the rest is measured.

    Without them, over the record since a day, with the outcomes of `fcv outcomes import`. Writes report.html, and
    report.json for `fcv model attest`. Patients that the model learnt from are refused.
    """
    from fcv_api.cli.validate import validate as work

    work(**given)


@click.command("drift", cls=ExtraCommand, short_help="Is a model given today what it was given when it was measured?")
@click.argument("export", type=FILE, required=False)
@click.option("--since", type=DAY, help="Of the record, from then on, in FCV_TIMEZONE.")
@click.option("--until", type=DAY, help="And before then.")
@options.model
@click.option("--reference", "write", is_flag=True, help="Make this the reference of NAME/VERSION, in its manifest.")
@options.as_json
@click.pass_context
def drift(context: click.Context, /, **given: Any) -> None:
    """Hold what the record holds since a day, or an EXPORT, against the reference in a model's manifest.

    Exit code 1 where there is drift. With --reference, what was found becomes the reference: take the first attested
    weeks, and activate the model again.
    """
    from fcv_api.cli.drift import drift as work

    work(context, **given)


@click.group(cls=DatabaseGroup, short_help="Bring the outcomes of the stays in the record.")
def outcomes() -> None:
    """Bring the outcomes of the stays in the record, for `fcv validate --since`."""


@outcomes.command("import", cls=ExtraDatabaseCommand)
@click.argument("file", type=FILE)
@click.option("--zone", help="Of onsets without an offset, such as America/Bogota.  [default: FCV_TIMEZONE]")
@options.encoding
@options.dates
@click.pass_obj
def import_(settings: Settings, /, **given: Any) -> None:
    """Keep the outcomes of FILE: idAtencion, State, onset, and where there are idPaciente, estado, servicio, cama.

    As often as anybody likes: a row that is known changes nothing, another onset corrects it, estado D takes it back.
    Wrong rows are named and left out, and then the exit code is 1. A patient's number is hashed.
    """
    from fcv_api.cli.outcomes import import_ as work

    work(settings, **given)
