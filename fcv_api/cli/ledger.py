"""`fcv ledger`: the record of predictions, for whoever answers for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from fcv_api import heads_log
from fcv_api.alerts import retention as alert_retention
from fcv_api.app import database_app
from fcv_api.cli.activation import BY
from fcv_api.cli.audit import log_event
from fcv_api.cli.ledger_export import export, latest
from fcv_api.cli.ledger_replay import replay
from fcv_api.ledger import chain, query, retention
from fcv_api.ledger.published import BrokenChain, read_logs
from fcv_api.settings import Settings


@click.group()
@click.pass_context
def ledger(context: click.Context) -> None:
    """Export, purge, count, verify and replay the record of predictions."""
    if context.invoked_subcommand and not context.resilient_parsing:
        context.obj = Settings.from_environment()
        context.with_resource(database_app(context.obj).app_context())


@ledger.command()
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--force", is_flag=True, help="Delete more than a tenth of the record at once, or all of it.")
@BY
@click.pass_obj
def purge(settings: Settings, by: str, *, yes: bool, force: bool) -> None:
    """Delete what is older than FCV_LEDGER_DAYS, alerts too, from the oldest on, and note that it was done.

    More than a tenth of the record at once is not deleted without --force: a clock that is wrong makes all of it old.
    """
    due = retention.due(settings.ledger_days)
    period = f"recorded before {due.before:%Y-%m-%d %H:%M} UTC ({settings.ledger_days} days ago)"
    if due.count == 0:
        click.echo(f"Nothing was {period}.")
        return
    if due.is_large and not force:
        raise click.ClickException(_too_large(due))
    if not yes:
        click.confirm(f"Delete {due.count:,} records {period}? They cannot be brought back.", abort=True)
    with heads_log.opened(settings.log_dir):
        done = retention.purge(due, by)
        alert_retention.purge(round(due.before.timestamp() * 1e6))
    log_event(settings, "records purged", count=done, up_to=due.seq, days=settings.ledger_days)
    click.echo(f"Deleted {done:,} records {period}, up to number {due.seq}. The chain goes on from there.")


def _too_large(due: retention.Purge) -> str:
    now, newest = datetime.now(UTC), query.newest_at()
    left = f"{due.kept:,} would be left" if due.kept else "none would be left"
    return (
        f"{due.count:,} records would be deleted and {left}: that is more than a tenth at once. This host's clock "
        f"shows {now:%Y-%m-%d %H:%M} UTC, and the newest record is of {newest or now:%Y-%m-%d %H:%M} UTC. If the clock "
        "is right, and so many are really too old, give --force. Nothing was deleted."
    )


@ledger.command()
@click.pass_obj
def stats(settings: Settings) -> None:
    """Count the record, and project what it will take of the disk."""
    found = retention.stats()
    days = settings.ledger_days
    click.echo(f"predictions   {found.predictions:>14,}")
    click.echo(f"refusals      {found.refusals:>14,}")
    for name, moment in (("first", found.first), ("last", found.last)):
        click.echo(f"{name:<13} {f'{moment:%Y-%m-%d %H:%M} UTC' if moment else 'none':>14}")
    for name, count in sorted(found.models.items()):
        click.echo(f"by {name:<26} {count:,}")
    click.echo(f"on disk       {found.size / 1e6:>11,.1f} MB   {found.each:,.0f} bytes a record")
    projected = found.daily * days * found.each / 1e9
    click.echo(f"a day         {found.daily:>14,.0f}   over the last week, or since the first")
    click.echo(f"after {days} days {projected:>12,.2f} GB   when it goes on so, and older ones are purged")
    for count, at, by in retention.purges():
        click.echo(f"purged        {count:>14,}   {at:%Y-%m-%d %H:%M} UTC, by {by}")


@ledger.command()
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A heads.log, best one that lies elsewhere, or an app.log of an older version. Give those of all hosts.",
)
def verify(logs: tuple[Path, ...]) -> None:
    """Look for records that were changed, taken out or put in since they were recorded, and name the first."""
    try:
        published = read_logs(logs)
        found = chain.verify(published)
    except BrokenChain as broken:
        raise click.ClickException(f"BROKEN. {broken}") from None
    for count, at, by in retention.purges():
        click.echo(f"{count:,} records were purged on {at:%Y-%m-%d %H:%M} UTC, by {by}.")
    click.echo(f"{found.count:,} records, from {found.start.seq + 1} to {found.head.seq}, are as they were recorded.")
    click.echo(f"{found.heads} published heads fit. Head: {found.head.seq} {found.head.hash}")


for command in (export, latest, replay):
    ledger.add_command(command)
