"""The accounts of the feed: each has a number for its records and no password, so that nobody can be it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert, select, update

from fcv_api.accounts import Role, User
from fcv_api.accounts.usernames import FEED, FEED_TEST
from fcv_api.extensions import read_transaction, write_transaction

NO_PASSWORD = "-"  # noqa: S105 - no hash of bcrypt's, so no password matches it
"""What stands where other accounts have a hash."""


class SystemAccount(NamedTuple):
    """id: of the account. renamed: what an account of the same name, from before it was reserved, is called now."""

    id: int
    renamed: str | None


def feed_account() -> SystemAccount:
    """Return the account that turns are recorded for. Makes it, and renames another one that has its name."""
    return _account(FEED)


def feed_test_account() -> SystemAccount:
    """Return the account that turns of test sources' beds are recorded for, made in the same way."""
    return _account(FEED_TEST)


def feed_test_account_id() -> int | None:
    """Return its id; None where there never was a test source."""
    query = select(User.id).where(User.username == FEED_TEST, User.hashed_password == NO_PASSWORD)
    with read_transaction() as connection:
        return connection.scalar(query)


def _account(name: str) -> SystemAccount:
    with write_transaction() as session:
        found = session.execute(select(User.id, User.hashed_password).where(User.username == name)).first()
        if found is not None and found.hashed_password == NO_PASSWORD:
            return SystemAccount(found.id, None)
        renamed = None
        if found is not None:
            renamed = f"{name}-{found.id}"
            newer = User.token_generation + 1  # its tokens name it
            session.execute(update(User).where(User.id == found.id).values(username=renamed, token_generation=newer))
        made = {"username": name, "hashed_password": NO_PASSWORD, "role": Role.CLIENT, "is_active": False}
        number = session.execute(insert(User).values(made | {"created_at": datetime.now(UTC)}).returning(User.id))
        return SystemAccount(int(number.scalar_one()), renamed)
