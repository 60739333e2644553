"""How many wrong passwords are taken: counted in the database, so that all workers and hosts count together.

A success writes nothing, and neither does a try that is turned away, nor a wrong password that is tried again.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from time import time

from sqlalchemy import Connection, Double, String, bindparam, delete, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from fcv_api.extensions import Base, read_transaction, write_transaction
from fcv_api.extensions.cursors import read_cursor, run

PAIR_TRIES, ADDRESS_TRIES = 10, 100
"""Distinct wrong passwords of one account from one address, and of all names together from one address. An IPv6 address
stands for its network, as `network_of` has it."""
UNKNOWN = "unknown"
WITHIN = 300.0
SHORTEST_WAIT, LONGEST_WAIT = 30, 900
KEPT = 3600.0
"""Seconds, as all of these. So long is a wrong password remembered, and how long the last wait was."""
APART = 60.0
"""By how much the clocks of hosts may differ. A failure from further in the future is one of a clock that was wrong: it
is ignored, or a clock that was a day ahead for a minute would make a wait of a day."""


class FailedSignIn(Base):
    """A wrong password. All that could tell whose, from where or which is a keyed hash."""

    __tablename__ = "failed_sign_ins"

    password: Mapped[str] = mapped_column(String(64), primary_key=True)
    pair: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[float] = mapped_column(Double, index=True)
    pair_waits: Mapped[int]
    address_waits: Mapped[int]
    """How many waits in a row this one made of it: 0 for none."""


class TooManyAttempts(Exception):
    """An account, for one address, or an address waits. `seconds`: how long still."""

    code = "too-many-attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong passwords came from this address. Try again in {seconds} s.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in, as keyed hashes: no name, address or password is kept anywhere."""

    password: str
    pair: str
    address: str

    @classmethod
    def of(cls, key: str, address: str, username: str, *secret: str) -> Attempt:
        """Hash a try. address: a client's, of which the network counts.

        secret: the password, and all else that decides whether it is right.
        """
        address = network_of(address)
        own = hmac.digest(key.encode(), b"fcv-mlapi failed sign-ins", "sha256")

        def hashed(*parts: str) -> str:
            return hmac.new(own, json.dumps(parts).encode(), "sha256").hexdigest()

        return cls(hashed("secret", address, username, *secret), hashed("pair", address, username), hashed(address))


@dataclass(frozen=True, slots=True)
class Failure:
    """A wrong password of the last hour. waits: how many waits in a row it made."""

    at: float
    waits: int

    @property
    def until(self) -> float:
        """When the wait that it made is over."""
        return self.at + min(SHORTEST_WAIT * 2 ** (min(self.waits, 10) - 1), LONGEST_WAIT) if self.waits else 0.0


def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, also where it is mapped into IPv6, or the /64 of an IPv6 one.

    Whoever has one address of a /64 has all of them, 2**64 (RFC 6177). All that are no address count as one client,
    such as those of a Unix socket, or what a proxy made up: no new word is a new client.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return UNKNOWN
    ipv4 = found.ipv4_mapped if isinstance(found, IPv6Address) else found
    return str(ipv4) if ipv4 else f"{IPv6Address(int(found) >> 64 << 64)}/64"


def check(attempt: Attempt) -> bool:
    """Return whether the password was wrong within the last hour, and so is wrong. Raises TooManyAttempts in a wait."""
    now = time()
    with read_cursor() as cursor:
        within = now - KEPT, now + APART
        found = run(cursor, _TELLING, attempt.address, *within, attempt.pair, attempt.password).fetchall()
    waits = [
        Failure(at, max(of_address, of_pair * (pair == attempt.pair))) for at, of_address, of_pair, pair, _ in found
    ]
    until = max((failure.until for failure in waits), default=0.0)
    if until > now:
        raise TooManyAttempts(ceil(min(until - now, LONGEST_WAIT)))
    return any(password == attempt.password for *_, password in found)


def count(attempt: Attempt) -> None:
    """Count a wrong password."""
    with write_transaction() as session:
        if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
            session.execute(_LOCK, {"number": int(attempt.address[:15], 16)})
        past, now = _Past.of(session.connection(), attempt), time()
        waits = {
            "pair_waits": _waits(past.pair, PAIR_TRIES, now),
            "address_waits": _waits(past.from_address, ADDRESS_TRIES, now),
        }
        hashes = {name: getattr(attempt, name) for name in Attempt.__dataclass_fields__}
        session.execute(_COUNT, hashes | waits | {"at": now})


def forget_old() -> None:
    """Delete what is older than an hour, or from the future. Looks first: every worker asks, and most find nothing."""
    now = time()
    old = or_(FailedSignIn.at < now - KEPT, FailedSignIn.at > now + APART)
    with read_transaction() as connection:
        if connection.execute(select(FailedSignIn.at).where(old).limit(1)).first() is None:
            return
    with write_transaction() as session:
        session.execute(delete(FailedSignIn).where(old))


def _waits(past: Sequence[Failure], tries: int, now: float) -> int:
    """Return how many waits in a row one more failure makes: none up to `tries` in five minutes.

    One that was on its way when the wait began makes it no longer.
    """
    before = max((failure.waits for failure in past), default=0)
    if before:
        return before + (max(failure.until for failure in past) <= now)
    return int(1 + sum(failure.at > now - WITHIN for failure in past) >= tries)


@dataclass(frozen=True, slots=True)
class _Past:
    """The failures of the last hour from an address, and those of one account among them, by other passwords."""

    from_address: list[Failure]
    pair: list[Failure]

    @classmethod
    def of(cls, connection: Connection, attempt: Attempt) -> _Past:
        now = time()
        found = connection.execute(_RECENT, {"address": attempt.address, "since": now - KEPT, "until": now + APART})
        rows = [row for row in found if row.password != attempt.password]
        return cls(
            from_address=[Failure(row.at, row.address_waits) for row in rows],
            pair=[Failure(row.at, row.pair_waits) for row in rows if row.pair == attempt.pair],
        )


_TELLING = """SELECT at, address_waits, pair_waits, pair, password FROM failed_sign_ins
WHERE address = ? AND at > ? AND at <= ?
AND (address_waits > 0 OR (pair = ? AND pair_waits > 0) OR password = ?)"""
"""Of up to a hundred failures those that made a wait, and the same password: asked with every try, also in a flood."""
_RECENT = select(*FailedSignIn.__table__.columns).where(
    FailedSignIn.address == bindparam("address"),
    FailedSignIn.at > bindparam("since"),
    FailedSignIn.at <= bindparam("until"),
)
_LOCK = text("SELECT pg_advisory_xact_lock(:number)")
# One that was forgotten, or that another request counts at this moment, may still be there.
_COUNT = text("""INSERT INTO failed_sign_ins (password, pair, address, at, pair_waits, address_waits)
    VALUES (:password, :pair, :address, :at, :pair_waits, :address_waits)
    ON CONFLICT (password) DO UPDATE
    SET at = excluded.at, pair_waits = excluded.pair_waits, address_waits = excluded.address_waits""")
