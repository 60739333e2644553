"""`fcv stays`: the stays that the memory of beds knows, by whoever has the server's shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.choices import LARGEST_ID
from fcv_api.cli.commands.kinds import DatabaseGroup

if TYPE_CHECKING:
    from fcv_api.settings import Settings


@click.group(cls=DatabaseGroup)
def stays() -> None:
    """List and close stays, and find the encounter of an identifier."""


@stays.command("list")
@options.as_json
def list_(**given: Any) -> None:
    """List what is known of each bed, as GET /beds answers it: times are in UTC."""
    from fcv_api.cli.stays import list_ as work

    work(**given)


@stays.command()
@click.argument("encounter", type=click.IntRange(0, LARGEST_ID))
@click.pass_obj
def close(settings: Settings, /, **given: Any) -> None:
    """Close the stay of ENCOUNTER now. What is observed over 5 minutes later opens it again."""
    from fcv_api.cli.stays import close as work

    work(settings, **given)


@stays.command("id")
@click.option("--source", required=True, help="The source that sends the identifier.")
@click.option("--type", "kind", required=True, help="The identifier's type, such as VN or MR.")
@click.option("--authority", default="", help="Who gave it, as the source writes it.")
@click.option(
    "--value-file", type=click.File(encoding="utf-8"), help="Read it from a file, or from - instead of asking."
)
@click.pass_obj
def id_(settings: Settings, /, **given: Any) -> None:
    """Print the encounter of an identifier. Asks for it, so that it stands in no shell's history."""
    from fcv_api.cli.stays import id_ as work

    work(settings, **given)
