"""The account of the feed: it has a number for its records and no password, so that nobody can be it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert, select, update

from fcv_api.accounts import Role, User
from fcv_api.accounts.usernames import FEED
from fcv_api.extensions import write_transaction

NO_PASSWORD = "-"  # noqa: S105 - no hash of bcrypt's, so no password matches it
"""What stands where other accounts have a hash."""


class SystemAccount(NamedTuple):
    """id: of the account. renamed: what an account of the same name, from before it was reserved, is called now."""

    id: int
    renamed: str | None


def feed_account() -> SystemAccount:
    """Return the account that turns are recorded for. Makes it, and renames another one that has its name."""
    with write_transaction() as session:
        found = session.execute(select(User.id, User.hashed_password).where(User.username == FEED)).first()
        if found is not None and found.hashed_password == NO_PASSWORD:
            return SystemAccount(found.id, None)
        renamed = None
        if found is not None:
            renamed = f"{FEED}-{found.id}"
            newer = User.token_generation + 1  # its tokens name it
            session.execute(update(User).where(User.id == found.id).values(username=renamed, token_generation=newer))
        made = {"username": FEED, "hashed_password": NO_PASSWORD, "role": Role.CLIENT, "is_active": False}
        number = session.execute(insert(User).values(made | {"created_at": datetime.now(UTC)}).returning(User.id))
        return SystemAccount(int(number.scalar_one()), renamed)
