"""`fcv stays`: the stays that the memory of beds knows, by whoever has the server's shell."""

from __future__ import annotations

from typing import IO

import click

from fcv_api.app import database_app
from fcv_api.cli.audit import log_event
from fcv_api.domain.instants import minute
from fcv_api.feed import beds
from fcv_api.feed import stays as rows
from fcv_api.feed.pseudonym import Identifier, encounter_of
from fcv_api.feed.turns import database_now
from fcv_api.settings import Settings
from fcv_api.wire.cells import LARGEST_ID


@click.group()
@click.pass_context
def stays(context: click.Context) -> None:
    """List and close stays, and find the encounter of an identifier."""
    if context.invoked_subcommand and not context.resilient_parsing:
        settings = Settings.from_environment()
        context.obj = settings
        context.with_resource(database_app(settings).app_context())


@stays.command("list")
def list_() -> None:
    """List what is known of each bed, as GET /beds answers it: times are in UTC."""
    for each in beds.now_known(database_now()):
        encounter = "-" if each.encounter is None else str(each.encounter)
        status = str(each.status) if each.reason is None else f"{each.status} ({each.reason})"
        click.echo(f"{encounter:>19}  {status:<32}  since {minute(each.since)}  {each.source}  {each.bed or '-'}")


@stays.command()
@click.argument("encounter", type=click.IntRange(0, LARGEST_ID))
@click.pass_obj
def close(settings: Settings, encounter: int) -> None:
    """Close the stay of ENCOUNTER now. What is observed over 5 minutes later opens it again."""
    if not rows.close(encounter, database_now()):
        raise click.ClickException(f"There is no stay of encounter {encounter}. `fcv stays list` shows all.")
    log_event(settings, "stay-closed")
    click.echo(f"Closed the stay of encounter {encounter}.")


@stays.command("id")
@click.option("--source", required=True, help="The source that sends the identifier.")
@click.option("--type", "kind", required=True, help="The identifier's type, such as VN or MR.")
@click.option("--authority", default="", help="Who gave it, as the source writes it.")
@click.option(
    "--value-file", type=click.File(encoding="utf-8"), help="Read it from a file, or from - instead of asking."
)
@click.pass_obj
def id_(settings: Settings, source: str, kind: str, authority: str, value_file: IO[str] | None) -> None:
    """Print the encounter of an identifier. Asks for it, so that it stands in no shell's history."""
    value = str(value_file.read()).strip() if value_file else str(click.prompt("Identifier", hide_input=True, err=True))
    identifier = Identifier(source, kind, authority, value)
    click.echo(encounter_of(identifier, str.__str__(settings.pseudonym_key())))
