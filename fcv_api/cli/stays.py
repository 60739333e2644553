"""`fcv stays`: the stays that the memory of beds knows, by whoever has the server's shell."""

from __future__ import annotations

from typing import IO

import click

from fcv_api.cli.audit import log_event
from fcv_api.cli.json_output import print_json
from fcv_api.domain.instants import minute
from fcv_api.feed import beds
from fcv_api.feed import stays as rows
from fcv_api.feed.pseudonym import Identifier, encounter_of
from fcv_api.feed.turns import database_now
from fcv_api.settings import Settings
from fcv_api.wire.beds import bed_as_wire


def list_(*, as_json: bool) -> None:
    now = database_now()
    known = beds.now_known(now)
    if as_json:
        print_json(beds=[bed_as_wire(each, now) for each in known])
        return
    for each in known:
        encounter = "-" if each.encounter is None else str(each.encounter)
        status = str(each.status) if each.reason is None else f"{each.status} ({each.reason})"
        click.echo(f"{encounter:>19}  {status:<32}  since {minute(each.since)}  {each.source}  {each.bed or '-'}")


def close(settings: Settings, encounter: int) -> None:
    if not rows.close(encounter, database_now()):
        raise click.ClickException(f"There is no stay of encounter {encounter}. `fcv stays list` shows all.")
    log_event(settings, "stay-closed")
    click.echo(f"Closed the stay of encounter {encounter}.")


def id_(settings: Settings, source: str, kind: str, authority: str, value_file: IO[str] | None) -> None:
    value = str(value_file.read()).strip() if value_file else str(click.prompt("Identifier", hide_input=True, err=True))
    identifier = Identifier(source, kind, authority, value)
    click.echo(encounter_of(identifier, str.__str__(settings.pseudonym_key())))
