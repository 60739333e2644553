"""Outcomes beside the record: imported, corrected and taken back, each statement as often as anybody likes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from fcv_api.extensions import read_transaction, write_transaction
from fcv_api.ledger.record import utc_text
from fcv_api.ledger.tables import OutcomeRow

NEW, SAME, CORRECTED, DELETED, UNKNOWN, CONFLICT = "new", "same", "corrected", "deleted", "unknown", "conflict"
"""What became of a statement. UNKNOWN: a deletion of what is not here. CONFLICT: a stay with and without a state."""
AT_ONCE = 500
_ALL = select(*OutcomeRow.__table__.columns)


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement about one state of one stay. onset: as `utc_text`. more: JSON of what else was said.

    only: the state is *none of these*, which no stay has beside another.
    """

    encounter: int
    state: str
    onset: str | None
    patient: str | None = None
    more: str = "{}"
    deleted: bool = False
    only: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the table."""

    encounter: int
    state: str
    onset: str | None
    patient: str | None
    more: str
    known_at: str
    changed_at: str
    deleted: bool


def keep(statements: Sequence[Stated]) -> list[str]:
    """Keep statements, in transactions of some hundred, and return what became of each."""
    now = utc_text(datetime.now(UTC))
    found: list[str] = []
    for start in range(0, len(statements), AT_ONCE):
        with write_transaction() as session:
            found += [_keep(session, each, now) for each in statements[start : start + AT_ONCE]]
    return found


def stream() -> Iterator[Kept]:
    """Return what holds, by stay."""
    query = _ALL.where(OutcomeRow.deleted.is_(False)).order_by(OutcomeRow.encounter, OutcomeRow.state)
    with read_transaction() as connection:
        yield from (Kept(*row) for row in connection.execute(query))


def _keep(session: Session, stated: Stated, now: str) -> str:
    rows = session.execute(_ALL.where(OutcomeRow.encounter == stated.encounter))
    known = {each.state: each for each in (Kept(*row) for row in rows)}
    own = known.get(stated.state)
    if stated.deleted:
        return _delete(session, own, now)
    if any(each.deleted is False and each.state != stated.state and _excludes(stated, each) for each in known.values()):
        return CONFLICT
    if own and (own.onset, own.patient, own.more, own.deleted) == (stated.onset, stated.patient, stated.more, False):
        return SAME
    _write(session, Kept(*_cells(stated), own.known_at if own else now, now, deleted=False))
    return CORRECTED if own and not own.deleted else NEW


def _cells(stated: Stated) -> tuple[int, str, str | None, str | None, str]:
    return stated.encounter, stated.state, stated.onset, stated.patient, stated.more


def _excludes(stated: Stated, other: Kept) -> bool:
    """Return whether a stay cannot have both: one of them says that none came. That one alone has no onset."""
    return stated.only or other.onset is None


def _delete(session: Session, own: Kept | None, now: str) -> str:
    if own is None or own.deleted:
        return UNKNOWN if own is None else SAME
    cells = own.encounter, own.state, own.onset, own.patient, own.more
    _write(session, Kept(*cells, own.known_at, now, deleted=True))
    return DELETED


def _write(session: Session, row: Kept) -> None:
    """Put a row in the place of the one of its key."""
    session.execute(delete(OutcomeRow).where(OutcomeRow.encounter == row.encounter, OutcomeRow.state == row.state))
    session.execute(insert(OutcomeRow).values({name: getattr(row, name) for name in Kept.__dataclass_fields__}))
