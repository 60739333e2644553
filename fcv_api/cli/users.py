"""`fcv users`: accounts, by whoever has the server's shell."""

from __future__ import annotations

import os
import sys
from typing import IO

import click

from fcv_api import accounts
from fcv_api.accounts import Account, Role, UsernameTaken
from fcv_api.accounts.directory_users import check_is_local
from fcv_api.accounts.roles import set_role
from fcv_api.accounts.usernames import normalized
from fcv_api.cli.audit import log_event
from fcv_api.cli.json_output import print_json
from fcv_api.settings import Settings, SettingsError

NO_TERMINAL = (
    "There is no terminal to ask on. Give --password-file FILE, or --password-file - and the password as input."
)


def add(settings: Settings, name: str, role: str, password_file: IO[str] | None) -> None:
    password = _password(password_file)
    account = accounts.create_user(name, password, role=Role(role), min_length=settings.password_min_length)
    log_event(settings, "account-made", user=account.id, role=account.role)
    click.echo(f"Made {account.role} {account.username} (id {account.id}).")


def list_(*, as_json: bool) -> None:
    found = accounts.list_users()
    if as_json:
        print_json(users=[_as_json(account) for account in found])
        return
    width = max(len("client"), *(len(account.role) for account in found)) if found else 0
    for account in found:
        state = "active" if account.is_active else "disabled"
        made = f"{account.created_at:%Y-%m-%d %H:%M} UTC" if account.created_at else "before this service"
        name = f"{account.username}  (directory)" if account.of_directory else account.username
        click.echo(f"{account.id:>6}  {account.role:<{width}}  {state:<8}  {made:<20}  {name}")


def _as_json(account: Account) -> dict[str, object]:
    """Return an account without its password's hash. created_at: null where an older service made it."""
    return {
        "id": account.id,
        "username": account.username,
        "role": account.role,
        "active": account.is_active,
        "directory": account.of_directory,
        "created_at": account.created_at,
    }


def disable(settings: Settings, name: str) -> None:
    log_event(settings, "account-disabled", user=accounts.set_active(name, active=False))
    click.echo(f"Disabled {name}. Its tokens are dead.")


def enable(settings: Settings, name: str) -> None:
    log_event(settings, "account-enabled", user=accounts.set_active(name, active=True))
    click.echo(f"Enabled {name}.")


def role_(settings: Settings, name: str, role: str) -> None:
    check_is_local(name)
    log_event(settings, "role-changed", user=set_role(name, Role(role)), role=role)
    click.echo(f"{name} is a {role} now. Its tokens are dead.")


def passwd(settings: Settings, name: str, password_file: IO[str] | None) -> None:
    check_is_local(name)
    number = accounts.set_password(name, _password(password_file), min_length=settings.password_min_length)
    log_event(settings, "password-changed", user=number)
    click.echo(f"Changed the password of {name}. Its tokens are dead.")


def _password(file: IO[str] | None) -> str:
    if file is not None:
        return str(file.read()).rstrip("\r\n")
    try:
        password: str = click.prompt("Password", hide_input=_has_terminal(), confirmation_prompt=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise  # Ctrl-C
        click.echo(err=True)
        raise click.ClickException(NO_TERMINAL) from None
    return password


def _has_terminal() -> bool:
    """Return whether a terminal can hide what is typed: without one, getpass warns by a file of Python's."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return sys.stdin.isatty()
    return True


def ensure_admin(settings: Settings) -> None:
    """Make the admin that the settings name, unless the account exists. Raises SettingsError or AccountError."""
    name, file = settings.admin_username, settings.admin_password_file
    if name is None and file is None:
        return
    if name is None or file is None:
        raise SettingsError("FCV_ADMIN_USERNAME and FCV_ADMIN_PASSWORD_FILE go together; one of them is missing.")
    if {name, normalized(name)} & {account.username for account in accounts.list_users()}:
        return
    try:
        password = file.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"FCV_ADMIN_PASSWORD_FILE: cannot read {file}: {error.strerror}.") from None
    try:
        account = accounts.create_user(name, password, role=Role.ADMIN, min_length=settings.password_min_length)
    except UsernameTaken:
        return  # another instance made it meanwhile
    log_event(settings, "account-made", user=account.id, role=account.role)
    click.echo(f"Made the admin {name}.")
