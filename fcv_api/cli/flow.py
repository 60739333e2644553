"""What `fcv train` and `fcv evaluate` print of an export's patients: who was lost, and why."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fcv_api.training.dataset import Cohort
from fcv_api.training.flow import KEPT, MOST_NAMED, ONSET_OUTSIDE, FlowRow

HEAD = ("patients", "encounters", "state", "site", "what became of them")


def print_left_out(cohort: Cohort) -> None:
    """Print, before any work is done, which encounters of the files are left out for what the files say."""
    for reason in dict.fromkeys(cohort.lost.values()):
        numbers = [number for number, own in cohort.lost.items() if own == reason]
        click.echo(
            f"Left out: {len(numbers)} encounters, {reason}: {_named(numbers[:MOST_NAMED], len(numbers))}.", err=True
        )
    if ONSET_OUTSIDE in cohort.lost.values():
        click.echo(ADVICE, err=True)


def print_flow(rows: Sequence[FlowRow]) -> None:
    """Print a table of who was kept and who was lost, with the first of the lost by their numbers."""
    kept = sum(row.patients for row in rows if row.kept)
    click.echo(f"Patients: {kept} kept, {sum(row.patients for row in rows) - kept} lost.")
    click.echo("  {:>8}  {:>10}  {:<19}  {:<12}  {}".format(*HEAD))
    for row in rows:
        named = "" if row.reason == KEPT else f" ({_named(row.named, row.encounters)})"
        click.echo(f"  {row.patients:>8}  {row.encounters:>10}  {row.state:<19}  {row.site:<12}  {row.reason}{named}")


def _named(numbers: Sequence[int], count: int) -> str:
    more = f" and {count - len(numbers)} more" if count > len(numbers) else ""
    return ", ".join(map(str, numbers)) + more


ADVICE = (
    "An onset outside its stay: look at the time zone of the labels (FCV_TIMEZONE, or write offsets), and at the order "
    "of day and month (--dates)."
)
