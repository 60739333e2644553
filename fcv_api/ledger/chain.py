"""Verify the chain, and compare it with what was published: a log that went elsewhere cannot be written anew here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from fcv_api.extensions import read_snapshot
from fcv_api.ledger.published import BrokenChain, Published
from fcv_api.ledger.query import ROWS_AT_ONCE
from fcv_api.ledger.record import Link, Record, digest
from fcv_api.ledger.tables import GENESIS, CheckpointRow, HeadRow, PredictionRow

NOTHING = Published()


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found sound. start: where the last purge ended; heads: how many published heads it was compared with."""

    start: Link
    count: int
    head: Link
    heads: int


def verify(published: Published = NOTHING) -> Verified:
    """Walk the chain from the last purge. Raises BrokenChain at the first record that is not as it was recorded.

    published: what logs say. A record of a smaller number than the last published head cannot be changed, taken out or
    put in without being found, and none can be purged that no purge announced.
    """
    with read_snapshot() as connection:
        return verify_on(connection, published)


def verify_on(connection: Connection, published: Published = NOTHING) -> Verified:
    """Verify on a connection, and so within its transaction."""
    purges = select(CheckpointRow.seq, CheckpointRow.hash).order_by(CheckpointRow.seq.desc())
    rows = select(*PredictionRow.__table__.columns).order_by(PredictionRow.seq)
    purged = connection.execute(purges).first()
    start = last = Link(*purged) if purged else Link(0, GENESIS)
    _check_purges(connection, start)
    published.check_purge(start.seq)
    kept = {seq: value for seq, value in connection.execute(select(HeadRow.seq, HeadRow.hash))}  # noqa: C416 - typed
    heads = Heads.of(kept, published.heads, start)
    try:
        with connection.execute(rows, execution_options={"yield_per": ROWS_AT_ONCE}) as found:
            for row in found:
                last = _follow(last, Record(*row), start)
                heads.pass_by(last)
    except OperationalError as error:
        if "decode" not in str(error.orig):
            raise
        near = f"one of the {ROWS_AT_ONCE} records after {last.seq}"
        raise BrokenChain(f"A record was changed, {near}: a text in it is no text.") from None
    heads.end(last)
    return Verified(start, last.seq - start.seq, last, heads.passed)


def _check_purges(connection: Connection, start: Link) -> None:
    """Compare what the purges say that they took with where they end: numbers begin at 1, and leave none out."""
    count = connection.scalar(select(func.coalesce(func.sum(CheckpointRow.count), 0)))
    if count != start.seq:
        raise BrokenChain(f"The checkpoints of all purges count {count} records, and end at record {start.seq}.")


@dataclass(slots=True)
class Heads:
    """The published heads that are still to come, by number; several hashes where sources disagree."""

    to_come: dict[int, set[str]]
    good: int
    passed: int = 0

    @classmethod
    def of(cls, kept: Mapping[int, str], published: Mapping[int, str], start: Link) -> Heads:
        """Bring two sources together. What lies before the last purge cannot be compared any more."""
        numbers = {seq for seq in (*kept, *published) if seq >= start.seq and seq > 0}
        heads = cls({seq: {each[seq] for each in (kept, published) if seq in each} for seq in numbers}, start.seq)
        heads.pass_by(start)
        return heads

    def pass_by(self, link: Link) -> None:
        """Compare a record with what was published of it."""
        wanted = self.to_come.pop(link.seq, None)
        if wanted is None:
            return
        if wanted != {link.hash}:
            raise BrokenChain(
                f"Record {link.seq} is not the one whose hash was published: a record from {self.good + 1} to "
                f"{link.seq} was changed, taken out or put in, and those after it were chained anew."
            )
        self.good, self.passed = link.seq, self.passed + 1

    def end(self, last: Link) -> None:
        """Find records that were taken off the end."""
        if self.to_come:
            raise BrokenChain(f"Record {last.seq + 1} was taken out: a head up to {max(self.to_come)} was published.")


def _digest(record: Record) -> str | None:
    """Hash a record; None where a cell is not even of its column's kind, as SQLite lets anybody write it."""
    try:
        return digest(record)
    except TypeError:
        return None


def _follow(last: Link, record: Record, start: Link) -> Link:
    """Check that a record is the next of the chain, as it was recorded; give its link."""
    named = f"Record {record.seq} (id {record.id})"
    if record.seq <= last.seq:
        raise BrokenChain(f"{named} was put in: the last purge took all up to {start.seq}.")
    if record.seq > last.seq + 1:
        raise BrokenChain(f"Record {last.seq + 1} was taken out: {named} comes next.")
    if _digest(record) != record.hash:
        raise BrokenChain(f"{named} was changed: its hash is another one.")
    if record.previous != last.hash:
        raise BrokenChain(f"Record {last.seq} was changed: {named} carries another hash of it.")
    return Link(record.seq, record.hash)
