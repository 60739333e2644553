"""`fcv simulate`: stays to learn from where nobody may share real ones, as files or played into a running service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from fcv_api.cli.lazy import load
from fcv_api.cli.player import options
from fcv_api.cli.player.command import feed

FILE = click.Path(dir_okay=False, path_type=Path)
OF_FILES = {"patients", "report", "export", "labels"}
OF_BOTH = {"seed", "artefacts"}


@click.command()
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
@options.of_a_play
@click.argument("export", type=FILE, required=False)
@click.argument("labels", type=FILE, required=False)
def simulate(
    patients: int,
    seed: int,
    artefacts: float,
    report: Path | None,
    export: Path | None,
    labels: Path | None,
    **played: Any,  # noqa: ANN401 - the options of a play
) -> None:
    """Write simulated stays to EXPORT and what became of them to LABELS, each a .csv or a .parquet.

    EXPORT has one row a measurement, as a ward's export: idAtencion, idSigno, nomSigno, valor, unidad, fecRegistro.
    LABELS has one row a stay: idAtencion, State, onset, and sede, which is `simulated`. Times are a wall clock's. No
    patient is behind any of it: a model that learns from them knows the simulator.

    With --feed no file is written. The stays are played into POST /observations of a running service: each bed posts
    what its monitors measured once a minute, 13 rows while all sensors are on, and height and weight when somebody
    entered them. At a speed over 1 they play the past, so that no row is ahead of the clock and the last one is new.
    """
    context, is_fed = click.get_current_context(), played["url"] is not None
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if foreign := given - OF_BOTH - (options.NAMES if is_fed else OF_FILES):
        raise click.UsageError(
            f"{options.spelt(context, foreign)} {'cannot' if is_fed else 'can only'} be given with --feed."
        )
    if is_fed:
        feed(seed, artefacts, options.Played(**played))
    elif export is None or labels is None:
        raise click.UsageError("Name EXPORT and LABELS, or a service by --feed.")
    else:
        load("fcv_api.cli.simulated_files:write", "train")(patients, seed, artefacts, report, (export, labels))
