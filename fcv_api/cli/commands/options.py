"""Options that several commands have."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import click

from fcv_api.cli.commands.choices import DATE_ORDERS, ENCODINGS, ORIGINS, SAMPLINGS, TRAINED_ON

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
POSITIVE = click.FloatRange(0, min_open=True)
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M"])
WHEN = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON: one object.")
model = click.option("--model", "reference", metavar="NAME[/VERSION]", help="Which model, instead of the active one.")
reason = click.option("--reason", required=True, help="Why, for the history.")
reason_of_rollback = click.option("--reason", default="rollback", show_default=True, help="Why, for the history.")
since = click.option("--since", type=WHEN, help="Only what was recorded then or later, in FCV_TIMEZONE.")
until = click.option("--until", type=WHEN, help="Only what was recorded before then.")
every = click.option(
    "--every", type=click.IntRange(1), default=1, show_default=True, help="Ask at each so many instants."
)
origin = click.option(
    "--origin", type=click.Choice(ORIGINS), default="unstated", show_default=True, help="Whose patients."
)
other_hospital = click.option(
    "--other-hospital", is_flag=True, help="EXPORT is not of the hospital that the model learnt from."
)
with_test_beds = click.option(
    "--with-test-beds", is_flag=True, help="The records of test sources' beds too, which the account feed-test has."
)
password_file = click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="Read the password from a file, or from standard input with -, instead of asking for it.",
)
encoding = click.option(
    "--encoding", type=click.Choice(ENCODINGS), default="utf-8", show_default=True, help="Of the CSV files."
)
dates = click.option(
    "--dates",
    type=click.Choice(DATE_ORDERS),
    default="iso",
    show_default=True,
    help="dmy: 31/12/2024. mdy: 12/31/2024.",
)
trained_on = click.option(
    "--trained-on",
    type=click.Choice(TRAINED_ON),
    default="unstated",
    show_default=True,
    help="What it learnt from.",
)
sampling = click.option(
    "--sampling",
    type=click.Choice(SAMPLINGS),
    default="last",
    show_default=True,
    help="What it learns of each sign from rows that are denser than its steps: the last value of a step, or the mean.",
)


def _user() -> str:
    """Return this shell's user, or its number where a container has no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


by = click.option("--by", default=_user, help="Who, for the history.  [default: this shell's user]")


def _refuse(_context: click.Context, _option: click.Parameter, said: str | None) -> None:
    if said is not None:
        raise click.UsageError(
            "--evidence is no option any more: evidence is earned by `fcv model attest` with a report. "
            "Use --trained-on for what the model learnt from."
        )


evidence = click.option("--evidence", hidden=True, expose_value=False, callback=_refuse)
"""Older scripts claim with it: it ends with one sentence."""
