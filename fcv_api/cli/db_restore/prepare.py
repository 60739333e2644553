"""What is done to a backup before it serves: verified, all tokens ended, accounts that were disabled since disabled."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from fcv_api.accounts import User
from fcv_api.activations import WorkerRow
from fcv_api.app import database_app
from fcv_api.cli.db_restore.events import LoggedChanges, read_events
from fcv_api.extensions import db, read_snapshot, read_transaction, write_transaction
from fcv_api.ledger.chain import Verified, verify_on
from fcv_api.ledger.published import Published
from fcv_api.ledger.record import utc_moment
from fcv_api.ledger.tables import PredictionRow
from fcv_api.settings import Settings

LEAST, MORE = 2**16, 2**24
"""By how much a generation rises: by more than passwords are changed after a backup, and never twice by the same."""


@dataclass(frozen=True, slots=True)
class Before:
    """What the database that was there still tells. last: its newest record's number and time."""

    last: tuple[int, str] | None = None
    generation: int = 0
    disabled: frozenset[tuple[int, str]] = frozenset()
    kept: str = ""
    """Where it is kept, as a sentence."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. disabled, changed: names of accounts."""

    verified: Verified
    accounts: int
    before: Before
    logged: LoggedChanges
    disabled: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        """Yield what whoever restores must know."""
        yield "Every token that was issued before is dead, those of machines too: `fcv users token` makes new ones."
        if self.disabled:
            yield f"Disabled again, for they were disabled after the backup: {', '.join(self.disabled)}."
        if self.changed:
            yield f"Their passwords are the old ones again, change them: {', '.join(self.changed)}."
        if not self.logged.files:
            yield "No security.log tells which accounts were disabled or changed since: look at `fcv users list`."
        yield self.before.kept or "There was no database before."


def look_at(settings: Settings) -> Before:
    """Read what the database that is there tells; nothing where it cannot be read."""
    with database_app(settings).app_context():
        try:
            return _read_before()
        except SQLAlchemyError:
            return Before()
        finally:
            db.engine.dispose()


def _read_before() -> Before:
    newest = select(PredictionRow.seq, PredictionRow.at).order_by(PredictionRow.seq.desc()).limit(1)
    disabled = select(User.id, User.username).where(User.is_active.is_(False))
    with read_transaction() as connection:
        last = connection.execute(newest).first()
        generation = connection.scalar(select(func.max(User.token_generation))) or 0
        off = frozenset((row.id, row.username) for row in connection.execute(disabled))
    return Before((last.seq, last.at) if last else None, generation, off)


def prepare(settings: Settings, published: Published, before: Before) -> Restored:
    """Verify a database and end all its tokens. Raises BrokenChain, and then nothing was changed in it."""
    with database_app(settings).app_context():
        try:
            with read_snapshot() as connection:
                last = connection.scalar(select(func.max(PredictionRow.seq))) or 0
                heads = {seq: value for seq, value in published.heads.items() if seq <= last}
                verified = verify_on(connection, Published(heads))
                made = _moment(connection)
            return _end_tokens(verified, before, read_events(settings.log_dir, made))
        finally:
            db.engine.dispose()


def _moment(connection: Connection) -> datetime | None:
    """Find out of when a backup is: a service that runs reports every 15 s, and records when it predicts."""
    at = connection.scalar(select(func.max(PredictionRow.at)))
    seen = connection.scalar(select(func.max(WorkerRow.seen_at)))
    moments = [utc_moment(at)] if at else []
    if seen:
        moments.append(seen if seen.tzinfo else seen.replace(tzinfo=UTC))  # SQLite gives back UTC without a zone
    return max(moments, default=None)


def _end_tokens(verified: Verified, before: Before, logged: LoggedChanges) -> Restored:
    raised = LEAST + secrets.randbelow(MORE)
    with write_transaction() as session:
        users = session.execute(select(User.id, User.username, User.is_active).order_by(User.id)).all()
        off = [user for user in users if user.is_active and _is_off(user.id, user.username, logged, before)]
        largest = session.scalar(select(func.max(User.token_generation))) or 0
        session.execute(update(User).values(token_generation=max(largest, before.generation) + raised))
        session.execute(update(User).where(User.id.in_([user.id for user in off])).values(is_active=False))
    changed = [user.username for user in users if user.id in logged.changed]
    return Restored(verified, len(users), before, logged, [user.username for user in off], changed)


def _is_off(number: int, username: str, logged: LoggedChanges, before: Before) -> bool:
    """Whether an account was disabled at last, by the log or in the database that was there."""
    return number in logged.disabled or (number, username) in before.disabled
