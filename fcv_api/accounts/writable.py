"""Whether the database of the accounts can be read and written now."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from fcv_api.accounts import User
from fcv_api.accounts.issued_tokens import RevokedToken
from fcv_api.extensions import write_transaction


def check_writable() -> None:
    """Read the accounts and write a row. Raises SQLAlchemyError when the database is away, locked or full."""
    with write_transaction() as session:
        session.execute(select(User.id).limit(1))
        session.merge(RevokedToken(jti="/health/ready", expires_at=datetime.now(UTC)))
