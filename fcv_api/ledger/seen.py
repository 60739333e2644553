"""Who has seen a record on the ward's page. It stands beside the chain and changes nothing in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, select, text

from fcv_api.extensions import read_transaction, write_transaction
from fcv_api.ledger.tables import PredictionRow


class Mark(NamedTuple):
    """A person's mark on a record. user: the name of the account."""

    user: str
    at: datetime


def mark(record_id: str, user_id: int) -> bool:
    """Mark a record as seen by a user, once: the first time counts. Return whether there is such a record."""
    known = select(exists().where(PredictionRow.id == record_id))
    at = int(datetime.now(UTC).timestamp() * 1_000_000)
    with write_transaction() as session:
        if not session.scalar(known):
            return False
        session.execute(_MARK, {"record": record_id, "user": user_id, "at": at})
    return True


def seen_by(records: Sequence[str]) -> dict[str, list[Mark]]:
    """Return the marks on records, by record, the first mark first. Records that nobody has seen are left out."""
    found: dict[str, list[Mark]] = {}
    if records:
        with read_transaction() as connection:
            for record, user, at in connection.execute(_MARKS, {"records": list(records)}):
                found.setdefault(record, []).append(Mark(user, datetime.fromtimestamp(at / 1_000_000, UTC)))
    return found


_MARK = text("INSERT INTO ward_seen (record, user_id, at) VALUES (:record, :user, :at) ON CONFLICT DO NOTHING")
_MARKS = text(
    "SELECT s.record, u.username, s.at FROM ward_seen s JOIN users u ON u.id = s.user_id "
    "WHERE s.record IN :records ORDER BY s.at, u.username"
).bindparams(bindparam("records", expanding=True))
