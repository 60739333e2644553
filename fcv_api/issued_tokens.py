"""Tokens that were issued: which were ended before their time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import DateTime, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from fcv_api.extensions import Base, write_transaction

LEEWAY = timedelta(minutes=1)  # a token may live on by its verifier's leeway


class RevokedToken(Base):
    """A token that was ended by itself, as by logout. Kept until it would have expired."""

    __tablename__ = "revoked_tokens"

    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def revoke(jti: str, expires_at: datetime) -> None:
    """End one token. Those that have expired meanwhile are forgotten."""
    with write_transaction() as session:
        session.execute(delete(RevokedToken).where(RevokedToken.expires_at < datetime.now(UTC) - LEEWAY))
        session.merge(RevokedToken(jti=jti, expires_at=expires_at))
