"""Tokens as they are issued: which were ended before their time, and which were made for machines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from flask_jwt_extended import create_access_token
from sqlalchemy import BigInteger, DateTime, String, delete, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from fcv_api.extensions import Base, read_transaction, write_transaction

LEEWAY = timedelta(days=2)
"""So long is an ended token kept after it expired: a clock that is a day ahead for a minute must not revive it."""


class RevokedToken(Base):
    """A token that was ended by itself, as by logout. Kept until it would have expired."""

    __tablename__ = "revoked_tokens"

    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class MachineToken(Base):
    """A token that was made for a machine. Only that there is one: the token itself is nowhere kept."""

    __tablename__ = "machine_tokens"

    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    generation: Mapped[int]
    """Of the account's tokens: dead when the account's is a later one."""
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Listed(NamedTuple):
    """A machine's token. ended: by itself, not with its account."""

    jti: str
    user_id: int
    generation: int
    made_at: datetime
    expires_at: datetime
    ended: bool


class Owner(Protocol):
    """The account that a token is for."""

    @property
    def id(self) -> int: ...

    @property
    def username(self) -> str: ...

    @property
    def token_generation(self) -> int: ...


def token_for(owner: Owner, lives: timedelta | None = None, claims: Mapping[str, Any] | None = None) -> str:
    """Return a new access token. lives: how long, or else as long as the settings say. claims: more of them."""
    own = {"id": owner.id, "gen": owner.token_generation, **(claims or {})}
    token: str = create_access_token(identity=owner.username, additional_claims=own, expires_delta=lives)
    return token


def keep(token: MachineToken) -> None:
    """Note that a machine has a token. Those that have expired meanwhile are forgotten."""
    with write_transaction() as session:
        session.execute(delete(MachineToken).where(MachineToken.expires_at < datetime.now(UTC) - LEEWAY))
        session.add(token)


def of_machines() -> list[Listed]:
    """Return the tokens of all machines, the oldest first."""
    ended = exists().where(RevokedToken.jti == MachineToken.jti)
    query = select(*MachineToken.__table__.columns, ended).order_by(MachineToken.made_at, MachineToken.jti)
    with read_transaction() as connection:
        return [Listed._make(row) for row in connection.execute(query)]


def revoke(jti: str, expires_at: datetime) -> None:
    """End one token. Those that have expired meanwhile are forgotten."""
    with write_transaction() as session:
        session.execute(delete(RevokedToken).where(RevokedToken.expires_at < datetime.now(UTC) - LEEWAY))
        session.merge(RevokedToken(jti=jti, expires_at=expires_at))
