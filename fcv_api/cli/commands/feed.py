"""`fcv feed`: score each bed, and how that stands."""

from __future__ import annotations

from typing import Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.options import FILE


@click.group()
def feed() -> None:
    """Score each bed from the memory of beds."""


@feed.command("run")
@click.option("--once", is_flag=True, help="Score what is due now, and end.")
@click.option(
    "--sign-of-life",
    type=FILE,
    help="A file whose time is set each second as long as all goes well: for a health check.",
)
@click.option("--parent", type=int, hidden=True, help="The process that started this one: without it, this one ends.")
def run_(**given: Any) -> None:
    """Score each stay at each slot and record it, until it is stopped: one process a host, beside the web workers."""
    from fcv_api.cli.feed_run import run_ as work

    work(**given)


@feed.command()
@options.as_json
def status(**given: Any) -> None:
    """Print turns due and late, each stay's last slot, and what was heard of each source. Times are in UTC.

    The counts of a source are written every 5 seconds at most while it sends: their age stands beside them.
    """
    from fcv_api.cli.feed import status as work

    work(**given)
