"""How long records are kept, and what they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, text, update

from fcv_api.extensions import read_transaction, write_transaction
from fcv_api.ledger.heads import announce_purge
from fcv_api.ledger.record import Link, utc_moment, utc_text
from fcv_api.ledger.tables import CheckpointRow, HeadRow, PredictionRow, SeenRow

ROWS_AT_ONCE = 500
"""How many rows a purge deletes in one transaction: predictions wait for it meanwhile."""

LARGE_PART = 0.1

USUAL_SIZE, ENOUGH_TO_MEASURE = 4200, 1000
"""Bytes a record on SQLite with its indexes; and from how many records on their own size is a measure."""

OBSERVATION_SIZE = 194
"""Bytes an observation of the feed on SQLite with its index, of 78,000."""

OTHERS = (
    ("LENGTH(manifest) + LENGTH(flatbuffer)", "models"),
    ("LENGTH(answer)", "replies"),
    (str(OBSERVATION_SIZE), "observations"),
)
"""What else SQLite's file holds much of: the bytes of a row, and the table."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What is purged, or was. seq: the last record's number. kept: how many records are left."""

    seq: int
    count: int
    before: datetime
    kept: int = 0

    @property
    def is_large(self) -> bool:
        """Whether it takes more than a tenth of the record at once, or all of it: more than a nightly purge does."""
        return self.count > (self.count + self.kept) * LARGE_PART


@dataclass(frozen=True, slots=True)
class Stats:
    """The record in figures."""

    predictions: int
    refusals: int
    first: datetime | None
    last: datetime | None
    models: dict[str, int]
    growth: Growth


def due(days: int) -> Purge:
    """Return what is older than some days, from the chain's beginning to the first record that is not."""
    before = datetime.now(UTC) - timedelta(days=days)
    younger = select(PredictionRow.seq).where(PredictionRow.at >= utc_text(before)).order_by(PredictionRow.seq).limit(1)
    with read_transaction() as connection:
        first = connection.scalar(younger)
        older = select(func.coalesce(func.max(PredictionRow.seq), 0), func.count())
        seq, count = connection.execute(older if first is None else older.where(PredictionRow.seq < first)).one()
        last = connection.scalar(select(func.max(PredictionRow.seq))) or 0
    return Purge(seq, count, before, last - seq)


def purge(what: Purge, by: str) -> int:
    """Delete up to a record, from the oldest on, and write a checkpoint from which the chain goes on. Gives how many.

    In small transactions. One that is cut off has purged less, and its checkpoint says so. It is announced in the log
    first, so that nobody who can write to the database alone can forge one. Raises OSError where it cannot be.
    """
    with read_transaction() as connection:
        last = connection.scalar(select(PredictionRow.hash).where(PredictionRow.seq == what.seq))
    if last is None:
        return 0
    announce_purge(Link(what.seq, last), what.count)
    done = 0
    while part := _purge_some(what.seq, by, done):
        done += part
    return done


def _purge_some(seq: int, by: str, done: int) -> int:
    oldest = select(PredictionRow.seq, PredictionRow.hash).where(PredictionRow.seq <= seq).order_by(PredictionRow.seq)
    with write_transaction() as session:
        rows = session.execute(oldest.limit(ROWS_AT_ONCE)).all()
        if not rows:
            return 0
        last = rows[-1]
        mark = {"seq": last.seq, "hash": last.hash, "count": done + len(rows), "at": utc_text(datetime.now(UTC))}
        if done:
            session.execute(update(CheckpointRow).where(CheckpointRow.seq == rows[0].seq - 1).values(mark))
        else:
            session.execute(insert(CheckpointRow).values(mark | {"by": by}))
        session.execute(delete(HeadRow).where(HeadRow.seq < last.seq))
        gone = PredictionRow.seq <= last.seq
        session.execute(delete(SeenRow).where(SeenRow.record.in_(select(PredictionRow.id).where(gone))))
        session.execute(delete(PredictionRow).where(gone))
    return len(rows)


def purges() -> list[tuple[int, datetime, str]]:
    """Return every purge: how many records, when, by whom."""
    query = select(CheckpointRow.count, CheckpointRow.at, CheckpointRow.by).order_by(CheckpointRow.seq)
    with read_transaction() as connection:
        return [(count, utc_moment(at), by) for count, at, by in connection.execute(query)]


def stats() -> Stats:
    """Count the record."""
    row = PredictionRow
    model = row.model_name + "/" + row.model_version
    by_model = select(model, func.count()).where(row.problem.is_(None)).group_by(model)
    counts = select(func.count(), func.count(row.problem), func.min(row.id), func.max(row.id))
    with read_transaction() as connection:
        total, refused, *ends = connection.execute(counts).one()
        models = {str(name): count for name, count in connection.execute(by_model)}
        first, last = (datetime.fromtimestamp(int(each[:12], 16) / 1000, UTC) if each else None for each in ends)
    return Stats(total - refused, refused, first, last, models, growth())


@dataclass(frozen=True, slots=True)
class Growth:
    """How the record grows. size: bytes that it takes now. daily: records a day, over the last week."""

    records: int
    size: int
    daily: float

    @property
    def each(self) -> float:
        """Bytes a record: the usual size where there are too few to measure."""
        return self.size / self.records if self.records >= ENOUGH_TO_MEASURE else USUAL_SIZE

    def after(self, days: int) -> float:
        """Return the bytes that it takes when it goes on so, and older ones are purged."""
        return self.daily * days * self.each


def growth() -> Growth:
    """Count what needs no walk over the whole table: `fcv ledger stats` and `fcv doctor` show the same."""
    row, now = PredictionRow, datetime.now(UTC)
    week = f"{int((now - timedelta(days=7)).timestamp() * 1000):012x}"  # an id begins with its time
    with read_transaction() as connection:
        first, last, began = connection.execute(select(func.min(row.seq), func.max(row.seq), func.min(row.id))).one()
        recent = connection.scalar(select(func.count()).where(row.id >= week)) or 0
        size = _size(connection)
    if not began:
        return Growth(0, size, 0.0)
    age = now - datetime.fromtimestamp(int(began[:12], 16) / 1000, UTC)
    return Growth(last - first + 1, size, recent / min(7.0, max(age / timedelta(days=1), 1 / 24)))


def _size(connection: Connection) -> int:
    """Return the bytes of the table and its indexes: on SQLite, of all but models' copies, answers and observations."""
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(text("SELECT pg_total_relation_size('predictions')")) or 0)
    pages, free, page = (
        int(connection.scalar(text(f"PRAGMA {name}")) or 0) for name in ("page_count", "freelist_count", "page_size")
    )
    others = (
        int(connection.scalar(text(f"SELECT COALESCE(SUM({size}), 0) FROM {table}")) or 0)  # noqa: S608
        for size, table in OTHERS
    )
    return (pages - free) * page - sum(others)
