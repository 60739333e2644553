"""`fcv ledger`: the record of predictions, for whoever answers for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from fcv_api import heads_log
from fcv_api.alerts import retention as alert_retention
from fcv_api.cli.audit import log_event
from fcv_api.cli.json_output import print_json
from fcv_api.ledger import chain, query, retention
from fcv_api.ledger.published import BrokenChain, read_logs
from fcv_api.settings import Settings


def purge(settings: Settings, by: str, *, yes: bool, force: bool) -> None:
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


def stats(settings: Settings, *, as_json: bool) -> None:
    found, purges, days = retention.stats(), retention.purges(), settings.ledger_days
    if as_json:
        grown = {"on_disk_bytes": found.growth.size, "bytes_a_record": round(found.growth.each)}
        ahead = {"records_a_day": found.growth.daily, "days": days, "projected_bytes": round(found.growth.after(days))}
        counted = {"predictions": found.predictions, "refusals": found.refusals, "models": found.models}
        purged = [{"records": count, "at": at, "by": by} for count, at, by in purges]
        print_json(**counted, first=found.first, last=found.last, **grown, **ahead, purges=purged)
        return
    click.echo(f"predictions   {found.predictions:>14,}")
    click.echo(f"refusals      {found.refusals:>14,}")
    for name, moment in (("first", found.first), ("last", found.last)):
        click.echo(f"{name:<13} {f'{moment:%Y-%m-%d %H:%M} UTC' if moment else 'none':>14}")
    for name, count in sorted(found.models.items()):
        click.echo(f"by {name:<26} {count:,}")
    _print_growth(found.growth, days)
    for count, at, by in purges:
        click.echo(f"purged        {count:>14,}   {at:%Y-%m-%d %H:%M} UTC, by {by}")


def _print_growth(growth: retention.Growth, days: int) -> None:
    """Print what the record takes, and will take: as `fcv doctor` says it."""
    click.echo(f"on disk       {growth.size / 1e6:>11,.1f} MB   {growth.each:,.0f} bytes a record")
    click.echo(f"a day         {growth.daily:>14,.0f}   over the last week, or since the first")
    projected = growth.after(days) / 1e9
    click.echo(f"after {days} days {projected:>12,.2f} GB   when it goes on so, and older ones are purged")


def verify(logs: tuple[Path, ...]) -> None:
    try:
        published = read_logs(logs)
        found = chain.verify(published)
    except BrokenChain as broken:
        raise click.ClickException(f"BROKEN. {broken}") from None
    for count, at, by in retention.purges():
        click.echo(f"{count:,} records were purged on {at:%Y-%m-%d %H:%M} UTC, by {by}.")
    click.echo(f"{found.count:,} records, from {found.start.seq + 1} to {found.head.seq}, are as they were recorded.")
    click.echo(f"{found.heads} published heads fit. Head: {found.head.seq} {found.head.hash}")
