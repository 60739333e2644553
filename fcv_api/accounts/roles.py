"""Changing what an account may do."""

from __future__ import annotations

from sqlalchemy import update

from fcv_api.accounts import Role, UnknownUser, User
from fcv_api.extensions import write_transaction


def set_role(username: str, role: Role) -> int:
    """Set another role of an account, and end all its tokens. Return its number. Raises UnknownUser."""
    newer = User.token_generation + 1
    changed = update(User).where(User.username == username).values(role=role, token_generation=newer)
    with write_transaction() as session:
        number: int | None = session.scalar(changed.returning(User.id))
    if number is None:
        raise UnknownUser(f"There is no user {username!r}. `fcv users list` shows all.")
    return number
