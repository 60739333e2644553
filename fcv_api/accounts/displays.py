"""Accounts of displays: screens on a wall that read the ward's pages. They have no password, and come in by a token."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import randbelow

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from fcv_api.accounts import Role, UnusableCredentials, User, UsernameTaken
from fcv_api.accounts.system import NO_PASSWORD
from fcv_api.accounts.usernames import UnusableName, usable_name
from fcv_api.extensions import write_transaction

DAYS = 90
"""So long is a display's token good for."""


def make_display(name: str) -> int:
    """Make the account of a display, and return its number. Raises UnusableCredentials or UsernameTaken."""
    try:
        username = usable_name(name)
    except UnusableName as error:
        raise UnusableCredentials("username", str(error)) from None
    made = {
        "username": username,
        "hashed_password": NO_PASSWORD,
        "role": Role.DISPLAY,
        "is_active": True,
        "created_at": datetime.now(UTC),
        "token_generation": randbelow(2**24),  # as of any new account
    }
    try:
        with write_transaction() as session:
            return int(session.execute(insert(User).values(made).returning(User.id)).scalar_one())
    except IntegrityError:
        raise UsernameTaken("This username is taken.") from None
