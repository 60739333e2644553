"""`fcv users`: accounts, by whoever has the server's shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.choices import DISPLAY_DAYS, MOST_DAYS, ROLES, ROLES_WITH_PASSWORD
from fcv_api.cli.commands.kinds import DatabaseGroup

if TYPE_CHECKING:
    from fcv_api.settings import Settings


@click.group(cls=DatabaseGroup)
def users() -> None:
    """Make, list and change accounts."""


@users.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES_WITH_PASSWORD),
    default="client",
    show_default=True,
    help="client predicts; reader sees all and predicts nothing; clinician sees the ward and marks what was seen; "
    "admin does all.",
)
@options.password_file
@click.pass_obj
def add(settings: Settings, /, **given: Any) -> None:
    """Make an account called NAME. Asks for its password."""
    from fcv_api.cli.users import add as work

    work(settings, **given)


@users.command("list")
@options.as_json
def list_(**given: Any) -> None:
    """List all accounts."""
    from fcv_api.cli.users import list_ as work

    work(**given)


@users.command()
@click.argument("name")
@click.pass_obj
def disable(settings: Settings, /, **given: Any) -> None:
    """Shut NAME out, at once: its tokens are dead."""
    from fcv_api.cli.users import disable as work

    work(settings, **given)


@users.command()
@click.argument("name")
@click.pass_obj
def enable(settings: Settings, /, **given: Any) -> None:
    """Let NAME in again. It must sign in anew."""
    from fcv_api.cli.users import enable as work

    work(settings, **given)


@users.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@click.pass_obj
def role_(settings: Settings, /, **given: Any) -> None:
    """Change the role of NAME; all tokens of NAME are dead afterwards."""
    from fcv_api.cli.users import role_ as work

    work(settings, **given)


@users.command()
@click.argument("name")
@options.password_file
@click.pass_obj
def passwd(settings: Settings, /, **given: Any) -> None:
    """Set a new password for NAME. Asks for it; all tokens of NAME are dead afterwards."""
    from fcv_api.cli.users import passwd as work

    work(settings, **given)


@users.command()
@click.argument("name")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), required=True, help="How long it is good for.")
@click.pass_obj
def token(settings: Settings, /, **given: Any) -> None:
    """Print a token of NAME's for a machine: once, as it is kept nowhere.

    It ends after so many days, by `fcv users revoke`, and with the account's other tokens by `disable` and `passwd`.
    """
    from fcv_api.cli.machine_tokens import token as work

    work(settings, **given)


@users.command()
@click.argument("name")
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    default=DISPLAY_DAYS,
    show_default=True,
    help="How long it is good for.",
)
@click.pass_obj
def display(settings: Settings, /, **given: Any) -> None:
    """Print a token for the display called NAME: a screen that reads the ward's pages, and can do nothing else.

    Makes the account where there is none. The token is printed once, as it is kept nowhere, and ends as those of
    `fcv users token` do.
    """
    from fcv_api.cli.machine_tokens import display as work

    work(settings, **given)


@users.command()
@click.argument("name", required=False)
@options.as_json
def tokens(**given: Any) -> None:
    """List the tokens that were made for machines: all, or NAME's."""
    from fcv_api.cli.machine_tokens import tokens as work

    work(**given)


@users.command()
@click.argument("name")
@click.argument("jti", metavar="TOKEN")
@click.pass_obj
def revoke(settings: Settings, /, **given: Any) -> None:
    """End one of NAME's tokens, at once. TOKEN: the first column of `fcv users tokens`."""
    from fcv_api.cli.machine_tokens import revoke as work

    work(settings, **given)
