"""What `fcv train`, `evaluate` and `validate` print of an export's patients: who was lost, and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import click

from fcv_api.domain.errors import Unscorable
from fcv_api.training.dataset import Cohort
from fcv_api.training.flow import KEPT, MOST_NAMED, ONSET_OUTSIDE, ORDER, FlowRow

HEAD = ("patients", "encounters", "state", "site", "what became of them")


def print_left_out(cohort: Cohort, refused: dict[int, Unscorable]) -> None:
    """Print, before any work is done, which encounters of the files are left out for what the files say.

    refused: why encounters cannot be read, of which the first few are printed with their rows.
    """
    for reason in dict.fromkeys(cohort.lost.values()):
        numbers = [number for number, own in cohort.lost.items() if own == reason]
        click.echo(
            f"Left out: {len(numbers)} encounters, {reason}: {_named(numbers[:MOST_NAMED], len(numbers))}.", err=True
        )
    for number, why in islice(refused.items(), MOST_NAMED):
        click.echo(f"  encounter {number}: {str(why).rstrip('.')}.", err=True)
    if ONSET_OUTSIDE in cohort.lost.values():
        click.echo(ADVICE, err=True)


def print_flow(rows: Sequence[FlowRow]) -> None:
    """Print a table of who was measured, set apart and lost, with the first of those not kept by their numbers."""
    counts = {part: sum(row.encounters for row in rows if row.part == part) for part in ORDER}
    click.echo(f"Stays: {', '.join(f'{count} {part}' for part, count in counts.items())}.")
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
