"""`fcv users token`, `display`, `tokens` and `revoke`: tokens of machines, which cannot sign in every 20 minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask import current_app
from flask_jwt_extended import decode_token

from fcv_api import accounts
from fcv_api.accounts import Account, Role, UnknownUser, UsernameTaken, issued_tokens
from fcv_api.accounts.directory_users import check_is_local
from fcv_api.accounts.displays import make_display
from fcv_api.accounts.issued_tokens import Listed, MachineToken, token_for
from fcv_api.app import token_config
from fcv_api.cli.audit import log_event
from fcv_api.cli.json_output import print_json
from fcv_api.extensions import jwt
from fcv_api.settings import Settings


def token(settings: Settings, name: str, days: int) -> None:
    jti, made, expires_at = _issue(settings, _find(name), days)
    click.echo(f"Token {jti} of {name}, good until {expires_at:%Y-%m-%d %H:%M} UTC:", err=True)
    click.echo(made)


def display(settings: Settings, name: str, days: int) -> None:
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


def tokens(name: str | None, *, as_json: bool) -> None:
    owners = {account.id: account for account in ([_find(name)] if name else accounts.list_users())}
    found = [(each, owners[each.user_id]) for each in issued_tokens.of_machines() if each.user_id in owners]
    if as_json:
        print_json(tokens=[_as_json(each, owner) for each, owner in found])
        return
    for each, owner in found:
        ends = f"{each.made_at:%Y-%m-%d} to {each.expires_at:%Y-%m-%d}"
        click.echo(f"{each.jti}  {_state(each, owner):<7}  {ends}  {owner.username}")


def _as_json(each: Listed, owner: Account) -> dict[str, object]:
    """Return what is known of a token, which is kept nowhere itself."""
    written: dict[str, object] = {"token": each.jti, "username": owner.username, "state": _state(each, owner)}
    return written | {"made_at": each.made_at, "expires_at": each.expires_at}


def revoke(settings: Settings, name: str, jti: str) -> None:
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
