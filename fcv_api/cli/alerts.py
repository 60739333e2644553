"""`fcv alerts`: what a policy would have made of a record, what alerts now, and who has seen it."""

from __future__ import annotations

from typing import Any

import click
import orjson

from fcv_api.alerts import query
from fcv_api.alerts.query import Holding
from fcv_api.cli.audit import log_event
from fcv_api.domain.instants import utc
from fcv_api.settings import Settings
from fcv_api.wire.alerts import alert_as_wire, cause_of


def list_(*, as_json: bool) -> None:
    found = [_as_wire(each) for each in query.holding()]
    force = query.in_force()
    if as_json:
        policy = str(force.policy) if force else None
        click.echo(orjson.dumps({"policy": policy, "alerts": found}).decode())
        return
    click.echo(f"Policy in force: {force.policy}." if force else "No policy is in force: nothing alerts.", err=True)
    for each in found:
        seen = f"seen by {each['seen_by']} at {each['seen_at'][:16]}" if each["seen_at"] else "not seen"
        raised, newest = (each[name][:16].replace("T", " ") for name in ("raised_at", "newest_at"))
        click.echo(f"{each['encounter']:>19}  {each['cause']:<42}  raised {raised}  there at {newest}  {seen}")


def _as_wire(each: Holding) -> dict[str, Any]:
    """Return an alert with its encounter as text: 63 bits are no number of JavaScript's."""
    seen_at = None if each.seen_at is None else utc(each.seen_at)
    more = {"user": each.user_id, "newest_at": utc(each.newest_at), "seen_at": seen_at, "seen_by": each.seen_by}
    return {"encounter": str(each.encounter)} | alert_as_wire(each.alert) | more


def seen(settings: Settings, encounter: int, cause: str, by: str) -> None:
    count = query.mark_seen(encounter, by, cause_of(cause))
    if not count:
        named = f" of cause {cause}" if cause else ""
        raise click.ClickException(f"No alert{named} of encounter {encounter} holds. `fcv alerts list` shows all.")
    log_event(settings, "alerts-seen", count=count)
    click.echo(f"Seen: {count} of encounter {encounter}.")
