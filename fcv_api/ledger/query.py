"""Read the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased

from fcv_api.extensions import read_transaction
from fcv_api.ledger.record import Record, id_prefix, utc_moment
from fcv_api.ledger.tables import PredictionRow

ROWS_AT_ONCE = 500
_ALL = select(*PredictionRow.__table__.columns)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: those that fit all that is given. since, until: when recorded, as `utc_text`; until is excluded.

    before: only records of a smaller number, which is how one page goes on from another. without_user_id: only those of
    other accounts. scores_of_turns: only what a model said in the turns of the feed, no refusal among it.
    """

    user_id: int | None = None
    encounter: int | None = None
    state: str | None = None
    model: tuple[str, ...] = ()
    """A name, or a name and a version."""
    since: str | None = None
    until: str | None = None
    before: int | None = None
    without_user_id: int | None = None
    scores_of_turns: bool = False


@dataclass(frozen=True, slots=True)
class Latest:
    """Where an encounter stands: its last score and its last refusal, where there are such."""

    encounter: int
    seq: int
    score: Record | None
    refusal: Record | None


def find(record_id: str, user_id: int | None = None) -> Record | None:
    """Return one record; only if it is the user's, where one is named."""
    query = _ALL.where(
        PredictionRow.id == record_id.replace("\0", ""), *_conditions(Wanted(user_id=user_id), PredictionRow)
    )
    with read_transaction() as connection:
        found = connection.execute(query).first()
    return Record(*found) if found else None


def search(wanted: Wanted, limit: int) -> list[Record]:
    """Return records, the newest first."""
    query = _ALL.where(*_conditions(wanted, PredictionRow)).order_by(PredictionRow.seq.desc()).limit(limit)
    with read_transaction() as connection:
        return [Record(*row) for row in connection.execute(query)]


def stream(wanted: Wanted) -> Iterator[Record]:
    """Return records, the oldest first, as they stand at one moment. They are read as they are asked for."""
    query = _ALL.where(*_conditions(wanted, PredictionRow)).order_by(PredictionRow.seq)
    with read_transaction() as connection, connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query) as rows:
        yield from (Record(*row) for row in rows)


def recorded(encounters: Sequence[int]) -> set[int]:
    """Return which of some encounters have a record, whenever it was made."""
    found: set[int] = set()
    for start in range(0, len(encounters), ROWS_AT_ONCE):
        some = PredictionRow.encounter.in_(encounters[start : start + ROWS_AT_ONCE])
        with read_transaction() as connection:
            found |= set(connection.scalars(select(PredictionRow.encounter).where(some).distinct()))
    return found


def newest_at() -> datetime | None:
    """Return when the newest record was made, by the clock of the host that made it; None where there is none."""
    with read_transaction() as connection:
        at = connection.scalar(select(PredictionRow.at).order_by(PredictionRow.seq.desc()).limit(1))
    return utc_moment(at) if at else None


def latest(wanted: Wanted, limit: int) -> list[Latest]:
    """Return the encounters, the one that was asked about last first. `wanted.before` is compared with `Latest.seq`."""
    newer = aliased(PredictionRow)
    later = Wanted(user_id=wanted.user_id)
    last = ~exists().where(
        newer.encounter == PredictionRow.encounter, newer.seq > PredictionRow.seq, *_conditions(later, newer)
    )
    query = select(PredictionRow.encounter, PredictionRow.seq).where(*_conditions(wanted, PredictionRow), last)
    with read_transaction() as connection:
        rows = connection.execute(query.order_by(PredictionRow.seq.desc()).limit(limit)).all()
        newest = [
            [connection.execute(_newest(encounter, wanted.user_id, refused=each)).first() for each in (False, True)]
            for encounter, _ in rows
        ]
    return [
        Latest(encounter, seq, *(Record(*found) if found else None for found in pair))
        for (encounter, seq), pair in zip(rows, newest, strict=True)
    ]


def _newest(encounter: int, user_id: int | None, *, refused: bool) -> Select[Any]:
    kind = PredictionRow.problem.is_not(None) if refused else PredictionRow.problem.is_(None)
    conditions = _conditions(Wanted(user_id=user_id, encounter=encounter), PredictionRow)
    return _ALL.where(kind, *conditions).order_by(PredictionRow.seq.desc()).limit(1)


def _conditions(wanted: Wanted, row: type[PredictionRow]) -> list[ColumnElement[bool]]:
    equal: list[tuple[Any, Any]] = [
        (row.user_id, wanted.user_id),
        (row.encounter, wanted.encounter),
        (row.state, wanted.state),
        *zip((row.model_name, row.model_version), wanted.model, strict=False),
    ]
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.since is not None:
        # An id begins with the time of `at` in ms, and has an index; `at` has none, and says it to the microsecond.
        conditions += [row.at >= wanted.since, row.id >= id_prefix(utc_moment(wanted.since))]
    if wanted.until is not None:
        conditions += [row.at < wanted.until, row.id < id_prefix(utc_moment(wanted.until), 1)]
    if wanted.before is not None:
        conditions.append(row.seq < wanted.before)
    if wanted.without_user_id is not None:
        conditions.append(row.user_id != wanted.without_user_id)
    if wanted.scores_of_turns:
        conditions += [row.slot.is_not(None), row.problem.is_(None)]
    return conditions
