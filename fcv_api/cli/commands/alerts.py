"""`fcv alerts`: what a policy would have made of a record, what alerts now, and who has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.choices import LARGEST_ID
from fcv_api.cli.commands.kinds import DatabaseGroup, ExtraDatabaseCommand
from fcv_api.cli.commands.options import FILE, POSITIVE

if TYPE_CHECKING:
    from fcv_api.settings import Settings


@click.group(cls=DatabaseGroup)
def alerts() -> None:
    """Simulate a policy's alerts, list those that hold, and mark them as seen."""


@alerts.command("list")
@options.as_json
def list_(**given: Any) -> None:
    """List the alerts that hold, the one raised last first. Times are in UTC."""
    from fcv_api.cli.alerts import list_ as work

    work(**given)


@alerts.command()
@click.argument("encounter", type=click.IntRange(0, LARGEST_ID))
@click.option("--cause", default="", help="Only this one, as `fcv alerts list` writes it.  [default: all that hold]")
@options.by
@click.pass_obj
def seen(settings: Settings, /, **given: Any) -> None:
    """Note that somebody has seen the alerts of ENCOUNTER. It silences nothing and ends nothing."""
    from fcv_api.cli.alerts import seen as work

    work(settings, **given)


@alerts.command(cls=ExtraDatabaseCommand, short_help="Print what a policy would have made of an export or a record.")
@click.argument("export", metavar="[EXPORT]", type=FILE, required=False)
@click.argument("labels", metavar="[LABELS]", type=FILE, required=False)
@click.option("--policy", "reference", metavar="NAME/VERSION|FILE", required=True, help="Which policy.")
@click.option("--model", metavar="NAME[/VERSION]", help="Whose scores count, instead of the active one's.")
@click.option("--outcomes", type=FILE, help="What became of the encounters of the record, as LABELS.")
@options.since
@options.until
@click.option("--event-rate", type=POSITIVE, multiple=True, help="Onsets a patient-day.")
@click.option("--at-most", type=POSITIVE, multiple=True, help="Alarms a patient-day, to try.")
@click.option("--json", "table", type=FILE, help="Write the table here: `fcv policy activate` needs it.")
@click.option("--events", type=FILE, help="Write each event here, a line of JSON each.")
@options.encoding
@options.dates
@click.pass_obj
def simulate(settings: Settings, /, **given: Any) -> None:
    """Print how often a policy would have rung, whom it would have found, and how long before.

    Over EXPORT, scored anew at each of its instants, with what became of each encounter in LABELS; or, without EXPORT,
    over the record, as it was scored then. Without outcomes only the burden is printed. With --at-most, thresholds of
    1 - P(none of the three) are looked for that ring so often before onsets, in the place of the policy's score.
    """
    from fcv_api.cli.alerts_simulate import simulate as work

    work(settings, **given)
