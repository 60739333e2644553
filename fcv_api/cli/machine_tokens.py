"""`fcv users token`, `display`, `tokens` and `revoke`: tokens of machines, which cannot sign in every 20 minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask import current_app
from flask_jwt_extended import decode_token

from fcv_api import accounts
from fcv_api.accounts import Account, Role, UnknownUser, UsernameTaken, issued_tokens
from fcv_api.accounts.directory_users import check_is_local
from fcv_api.accounts.displays import DAYS, make_display
from fcv_api.accounts.issued_tokens import Listed, MachineToken, token_for
from fcv_api.app import token_config
from fcv_api.cli.audit import log_event
from fcv_api.extensions import jwt
from fcv_api.settings import Settings

MOST_DAYS = 3650


@click.command()
@click.argument("name")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), required=True, help="How long it is good for.")
@click.pass_obj
def token(settings: Settings, name: str, days: int) -> None:
    """Print a token of NAME's for a machine: once, as it is kept nowhere.

    It ends after so many days, by `fcv users revoke`, and with the account's other tokens by `disable` and `passwd`.
    """
    jti, made, expires_at = _issue(settings, _find(name), days)
    click.echo(f"Token {jti} of {name}, good until {expires_at:%Y-%m-%d %H:%M} UTC:", err=True)
    click.echo(made)


@click.command()
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(1, MOST_DAYS), default=DAYS, show_default=True, help="How long it is good for."
)
@click.pass_obj
def display(settings: Settings, name: str, days: int) -> None:
    """Print a token for the display called NAME: a screen that reads the ward's pages, and can do nothing else.

    Makes the account where there is none. The token is printed once, as it is kept nowhere, and ends as those of
    `fcv users token` do.
    """
    jti, made, expires_at = _issue(settings, _display(settings, name), days)
    click.echo(
        f"On the display, open https://HOST/sign-in?display and paste this token. It is good until "
        f"{expires_at:%Y-%m-%d %H:%M} UTC. `fcv users revoke {name} {jti}` ends it.",
        err=True,
    )
    click.echo(made)


def _display(settings: Settings, name: str) -> Account:
    """Return the account of a display, and make it where there is none. Raises AccountError."""
    if accounts.claim(name).account is None:
        log_event(settings, "account-made", user=make_display(name), role=Role.DISPLAY)
    account = _find(name)
    if account.role is not Role.DISPLAY:
        raise UsernameTaken(f"{name} is an account of the role {account.role}. A display needs a name of its own.")
    return account


def _issue(settings: Settings, account: Account, days: int) -> tuple[str, str, datetime]:
    """Make a token and note that there is one. Return its `jti`, itself, and when it expires.

    None for who signs in by the directory: it would live on when the account there ends.
    """
    check_is_local(account.username)
    if not account.is_active:
        raise click.ClickException(
            f"{account.username} is disabled. Enable it first: `fcv users enable {account.username}`."
        )
    current_app.config.update(token_config(settings))
    jwt.init_app(current_app)
    made = token_for(account, timedelta(days=days))
    claims = decode_token(made)
    made_at, expires_at = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
    issued_tokens.keep(
        MachineToken(
            jti=claims["jti"],
            user_id=account.id,
            generation=account.token_generation,
            made_at=made_at,
            expires_at=expires_at,
        )
    )
    log_event(settings, "machine-token-made", user=account.id, token=claims["jti"], days=days)
    return claims["jti"], made, expires_at


@click.command()
@click.argument("name", required=False)
def tokens(name: str | None) -> None:
    """List the tokens that were made for machines: all, or NAME's."""
    owners = {account.id: account for account in ([_find(name)] if name else accounts.list_users())}
    for each in issued_tokens.of_machines():
        if owner := owners.get(each.user_id):
            state = _state(each, owner)
            click.echo(
                f"{each.jti}  {state:<7}  {each.made_at:%Y-%m-%d} to {each.expires_at:%Y-%m-%d}  {owner.username}"
            )


@click.command()
@click.argument("name")
@click.argument("jti", metavar="TOKEN")
@click.pass_obj
def revoke(settings: Settings, name: str, jti: str) -> None:
    """End one of NAME's tokens, at once. TOKEN: the first column of `fcv users tokens`."""
    account = _find(name)
    found = next((each for each in issued_tokens.of_machines() if (each.jti, each.user_id) == (jti, account.id)), None)
    if found is None:
        raise click.ClickException(f"{name} has no token {jti}. `fcv users tokens {name}` shows all.")
    issued_tokens.revoke(jti, _utc(found.expires_at))
    log_event(settings, "machine-token-ended", user=account.id, token=jti)
    click.echo(f"Ended {jti} of {name}.")


def _find(name: str) -> Account:
    account = accounts.claim(name).account
    if account is None:
        raise UnknownUser(f"There is no user {name!r}. `fcv users list` shows all.")
    return account


def _state(each: Listed, owner: Account) -> str:
    if _utc(each.expires_at) <= datetime.now(UTC):
        return "expired"
    alive = owner.is_active and owner.token_generation == each.generation and not each.ended
    return "good" if alive else "ended"


def _utc(moment: datetime) -> datetime:
    """SQLite gives times back without their zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
