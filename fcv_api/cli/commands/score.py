"""`fcv score`: a ward's history, or a whole network's, without a server."""

from __future__ import annotations

from typing import Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.choices import ROWS_A_PART
from fcv_api.cli.commands.kinds import ExtraCommand
from fcv_api.cli.commands.options import FILE


@click.command("score", cls=ExtraCommand, extra="score", short_help="Score the encounters of an export of any size.")
@click.argument("export", metavar="INPUT", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="A .parquet or .csv to write.")
@click.option("--rolling", is_flag=True, help="Score every window of each encounter, and not only the last.")
@options.model
@click.option("--policy", "policy", metavar="NAME/VERSION|FILE", help="With --rolling: what this policy makes of it.")
@click.option("--processes", "count", type=click.IntRange(1), help="How many.  [default: one a core]")
@click.option(
    "--memory",
    type=click.IntRange(100),
    help="MB to partition the export in.  [default: 200 a core, and at least 400]",
)
@click.option(
    "--rows",
    type=click.IntRange(1),
    default=ROWS_A_PART,
    show_default=True,
    help="Of a part, which a kill may cost.",
)
@click.option("--dask", metavar="ADDRESS", help="Score on the workers of this Dask scheduler, as tcp://10.0.0.5:8786.")
@click.option("--restart", is_flag=True, help="Throw away what an unfinished run left.")
def score(**given: Any) -> None:
    """Score the encounters of INPUT, a .csv or .parquet of any size, and write one row a window to OUTPUT.

    INPUT has one row a measurement, in any order: idAtencion, nomSigno, valor, fecRegistro, and, where there are,
    idSigno, unidad and idUnidad. An encounter or window that cannot be scored is a row with its problem. After a kill,
    the same command goes on where it ended. Needs no server and no account, and records nothing.
    """
    from fcv_api.cli.score import score as work

    work(**given)
