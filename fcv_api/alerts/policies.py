"""Which policy is in force, since when, by whom and why: as `activations.py` keeps it of models.

An activation begins some seconds after it is written. Each process looks once a second, so that all of them know it
by then: whether a record is followed hangs on the record's own time alone, and on no process's memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic, time_ns
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import insert, select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from fcv_api.alerts.tables import PolicyActivationRow, PolicyRow
from fcv_api.domain.policy import Policy
from fcv_api.extensions import db, read_transaction, write_transaction
from fcv_api.extensions.cursors import read_cursor, run

SECOND = 1_000_000
BEGINS_AFTER = 10 * SECOND
"""A look may be a second old, and a record waits up to some seconds in the line of the database after it."""
LOOKS_EVERY = 1.0
NEWEST = """SELECT a.id, a.begins_at, p.text, a.model_sha256 FROM policy_activations a
    LEFT JOIN policies p ON p.id = a.policy_id ORDER BY a.id DESC LIMIT 3"""


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy from some instant on. policy: None where nothing alerts. model_sha256: whose scores count."""

    activation: int
    begins_at: int
    policy: Policy | None
    model_sha256: str | None


@dataclass(frozen=True, slots=True)
class Activation:
    """One row of the history. policy: `name/version`, or none. model: whose scores count."""

    id: int
    policy_id: int | None
    policy: str | None
    sha256: str | None
    model: str | None
    begins_at: int
    at: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is put in force. text: the policy's file. model: name, version and sha256. burden: the table, as JSON."""

    text: str
    model: tuple[str, str, str] | None
    burden: str
    by: str
    reason: str


class Known:
    """The newest activations, as this process saw them last."""

    def __init__(self, found: Sequence[InForce] = ()) -> None:
        """found: the newest first."""
        self._found = tuple(found)

    def at(self, moment: int) -> InForce | None:
        """Return what is in force at an instant; None where nothing alerts."""
        begun = next((each for each in self._found if each.begins_at <= moment), None)
        return begun if begun and begun.policy else None

    def __bool__(self) -> bool:
        return any(each.policy for each in self._found)


_SEEN: WeakKeyDictionary[Dialect, tuple[float, Known]] = WeakKeyDictionary()
"""One for each database, as the breakers of `extensions`."""


def known() -> Known:
    """Return what is in force: asked of the database at most once a second. Never within a transaction that writes."""
    dialect, now = db.engine.dialect, monotonic()
    looked, found = _SEEN.get(dialect, (-LOOKS_EVERY, Known()))
    if now - looked >= LOOKS_EVERY:
        found = look()
        _SEEN[dialect] = now, found
    return found


def look() -> Known:
    """Ask the database."""
    with read_cursor() as cursor:
        rows = run(cursor, NEWEST).fetchall()
    return Known([InForce(number, begins, text and _parsed(text), model) for number, begins, text, model in rows])


@lru_cache(8)
def _parsed(text: str) -> Policy:
    return Policy.read(text)


def activate(wanted: Wanted, after: int = BEGINS_AFTER) -> Activation:
    """Store a policy, unless it is stored already, and put it in force. after: microseconds until it begins."""
    name, version, sha256 = wanted.model or (None, None, None)
    model = {"model_name": name, "model_version": version, "model_sha256": sha256}
    with write_transaction() as session:
        own = {"policy_id": _store(session, wanted.text), "burden": wanted.burden, **model}
        _insert(session, own | {"by": wanted.by, "reason": wanted.reason}, after)
    return _newest()


def deactivate(by: str, reason: str, after: int = BEGINS_AFTER) -> Activation:
    """Put no policy in force: nothing alerts from then on."""
    with write_transaction() as session:
        _insert(session, {"by": by, "reason": reason}, after)
    return _newest()


def _insert(session: Session, values: dict[str, Any], after: int) -> None:
    now = time_ns() // 1000
    begins_at = -(-(now + after) // SECOND) * SECOND if after else now  # a whole second, which a command can name
    session.execute(insert(PolicyActivationRow).values(values | {"at": now, "begins_at": begins_at}))


def _newest() -> Activation:
    _SEEN.pop(db.engine.dialect, None)  # this process need not wait
    return history()[0]


def _store(session: Session, text: str) -> int:
    policy, sha256 = Policy.read(text), policy_sha256(text)
    own = {"name": policy.name, "version": policy.version, "sha256": sha256}
    found = session.scalar(select(PolicyRow.id).filter_by(**own))
    if found is not None:
        return found
    return int(session.execute(insert(PolicyRow).values(own | {"text": text}).returning(PolicyRow.id)).scalar_one())


def policy_sha256(text: str) -> str:
    """Return the sha256 of a policy's file."""
    return hashlib.sha256(text.encode()).hexdigest()


def history() -> list[Activation]:
    """Return all activations, the newest first."""
    row, stored = PolicyActivationRow, PolicyRow
    query: Any = select(
        *(row.id, row.policy_id, stored.name + "/" + stored.version, stored.sha256),
        *(row.model_name + "/" + row.model_version, row.begins_at, row.at, row.by, row.reason),
    ).outerjoin(stored, row.policy_id == stored.id)
    with read_transaction() as connection:
        return [Activation(*each) for each in connection.execute(query.order_by(row.id.desc()))]


def stored(activation: int) -> Wanted:
    """Return what an activation of a policy put in force."""
    row = PolicyActivationRow
    query = select(
        PolicyRow.text, row.model_name, row.model_version, row.model_sha256, row.burden, row.by, row.reason
    ).join(PolicyRow, row.policy_id == PolicyRow.id)
    with read_transaction() as connection:
        text, name, version, sha256, burden, by, reason = connection.execute(query.where(row.id == activation)).one()
    model = (name, version, sha256) if name and version and sha256 else None
    return Wanted(text, model, burden or "", by, reason)


def utc(at: int) -> datetime:
    """Return an instant of microseconds."""
    return datetime.fromtimestamp(at / 1e6, UTC)
