"""`fcv simulate`: stays to learn from where nobody may share real ones, as files or played into a running service."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from fcv_api.cli.commands.kinds import ExtraCommand
from fcv_api.cli.commands.options import FILE
from fcv_api.cli.commands.play_options import NAMES, Played, of_a_play, spelt

OF_FILES = {"patients", "report", "export", "labels"}
OF_BOTH = {"seed", "artefacts"}


@click.command("simulate", cls=ExtraCommand, short_help="Write simulated stays as files, or play them into a service.")
@click.option("--patients", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="How many stays.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same gives the same stays.")
@click.option(
    "--artefacts",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="The share of stays whose monitors have artefacts.",
)
@click.option("--report", type=FILE, help="Compare them with the limits of the signs, in this Markdown file.")
@of_a_play
@click.argument("export", type=FILE, required=False)
@click.argument("labels", type=FILE, required=False)
def simulate(**given: Any) -> None:
    """Write simulated stays to EXPORT and what became of them to LABELS, each a .csv or a .parquet.

    EXPORT has one row a measurement, as a ward's export: idAtencion, idSigno, nomSigno, valor, unidad, fecRegistro.
    LABELS has one row a stay: idAtencion, State, onset, and sede, which is `simulated`. Times are a wall clock's. No
    patient is behind any of it: a model that learns from them knows the simulator.

    With --feed no file is written. The stays are played into POST /observations of a running service: each bed posts
    what its monitors measured once a minute, 13 rows while all sensors are on, and height and weight when somebody
    entered them. At a speed over 1 they play the past, so that no row is ahead of the clock and the last one is new.
    """
    is_fed = given["url"] is not None
    _refuse_foreign(click.get_current_context(), is_fed=is_fed)
    own = {name: given.pop(name) for name in ("patients", "report", "export", "labels")}
    seed, artefacts = given.pop("seed"), given.pop("artefacts")
    if is_fed:
        from fcv_api.cli.player.command import feed

        feed(seed, artefacts, Played(**given))
        return
    if own["export"] is None or own["labels"] is None:
        raise click.UsageError("Name EXPORT and LABELS, or a service by --feed.")
    from fcv_api.cli.simulated_files import write

    write(own["patients"], seed, artefacts, own["report"], (own["export"], own["labels"]))


def _refuse_foreign(context: click.Context, *, is_fed: bool) -> None:
    """Raise UsageError for options of files with --feed, and for options of a play without it."""
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if foreign := given - OF_BOTH - (NAMES if is_fed else OF_FILES):
        raise click.UsageError(f"{spelt(context, foreign)} {'cannot' if is_fed else 'can only'} be given with --feed.")
