"""`fcv feed`: score each bed, and how that stands."""

from __future__ import annotations

import click

from fcv_api.app import database_app
from fcv_api.cli.feed_run import run_
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.feed import status as found
from fcv_api.feed.turns import database_now, slot_due
from fcv_api.settings import Settings
from fcv_api.wire.instants import utc


@click.group()
def feed() -> None:
    """Score each bed from the memory of beds."""


feed.add_command(run_)


@feed.command()
def status() -> None:
    """Print turns due and late, each stay's last slot, and what was heard of each source. Times are in UTC."""
    settings = Settings.from_environment()
    with database_app(settings).app_context():
        now = database_now()
        slot = slot_due(now, settings.settle_seconds, step_of(WindowSpec()))
        late = found.late(slot_due(now - found.LATE_AFTER, settings.settle_seconds, step_of(WindowSpec())), now)
        stays, sources = found.turns(slot), found.sources()
    due = sum(each.is_due for each in stays)
    counted = f"{due:,} turns due and not recorded yet, {late:,} of them over a minute late"
    click.echo(f"Slot {_minute(slot)}: {len(stays):,} stays, {counted}.")
    for each in stays:
        last = _minute(each.last_slot) if each.last_slot else "never"
        click.echo(f"{each.encounter:>19}  last slot {last:<16}  {'due' if each.is_due else ''}".rstrip())
    for source in sources:
        counted = ", ".join(f"{name} {count:,}" for name, count in source.counters.items() if count) or "nothing yet"
        offset = "" if source.clock_offset is None else f", its clock {source.clock_offset / 1e6:+.1f} s"
        heard = f"last heard {_minute(source.last_message_at)}{offset}"
        click.echo(f"{source.name} at {source.host}: {heard}; {counted}")


def _minute(at: int) -> str:
    return utc(at)[:16].replace("T", " ")
