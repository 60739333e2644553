"""The tables of the record. Times are text in UTC, so that every database gives back the bytes that were hashed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fcv_api.extensions import Base

Number = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite makes its row's own number of nothing but INTEGER."""

GENESIS = "0" * 64
"""What the first record of a database carries as the hash of the one before it."""


class PredictionRow(Base):
    """A prediction, or a refusal where `problem` says of what kind; then all that a model would have said is null."""

    __tablename__ = "predictions"

    encounter: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(Number, index=True)
    request_id: Mapped[str] = mapped_column(String(64))
    body_sha256: Mapped[str] = mapped_column(String(64))
    problem: Mapped[str | None] = mapped_column(String(64))
    model_name: Mapped[str | None] = mapped_column(String(64))
    model_version: Mapped[str | None] = mapped_column(String(64))
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    window_first: Mapped[str | None] = mapped_column(String(27))
    window_last: Mapped[str | None] = mapped_column(String(27))
    window_raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    probabilities: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(String(32), index=True)
    warnings: Mapped[str | None] = mapped_column(Text)
    runtime: Mapped[str | None] = mapped_column(Text)
    seq: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[str] = mapped_column(String(27))
    duration_us: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    slot: Mapped[int | None] = mapped_column(BigInteger)
    sources: Mapped[bytes | None] = mapped_column(LargeBinary)


Index("ix_predictions_encounter_seq", PredictionRow.encounter, PredictionRow.seq)
_REFUSED = PredictionRow.problem.is_not(None)
Index(
    "ix_predictions_refused",
    PredictionRow.encounter,
    PredictionRow.seq,
    sqlite_where=_REFUSED,
    postgresql_where=_REFUSED,
)
_OF_A_TURN = PredictionRow.slot.is_not(None)
Index(
    "uq_predictions_encounter_slot",
    PredictionRow.encounter,
    PredictionRow.slot,
    unique=True,
    sqlite_where=_OF_A_TURN,
    postgresql_where=_OF_A_TURN,
)


class HeadRow(Base):
    """A head of the chain that went to the log."""

    __tablename__ = "ledger_heads"

    seq: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(27))


class CheckpointRow(Base):
    """A purge: the last record that it took, by number and hash. The chain goes on from the newest."""

    __tablename__ = "ledger_checkpoints"

    seq: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    count: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[str] = mapped_column(String(27))
    by: Mapped[str] = mapped_column(String(255))


class OutcomeRow(Base):
    """A state that came to a stay, by the hospital's word. onset: null for *none of these*, as are all times in UTC.

    patient: a pseudonym, where one was named. known_at: when the first word of it was imported. deleted: taken back.
    """

    __tablename__ = "outcomes"

    encounter: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(32), primary_key=True)
    onset: Mapped[str | None] = mapped_column(String(27))
    patient: Mapped[str | None] = mapped_column(String(64))
    more: Mapped[str] = mapped_column(Text)
    known_at: Mapped[str] = mapped_column(String(27))
    changed_at: Mapped[str] = mapped_column(String(27))
    deleted: Mapped[bool] = mapped_column(Boolean)


class ReplyRow(Base):
    """An answer that a retry gets again: whose, under which key, to what. answer: as `web/retries.py` packs it."""

    __tablename__ = "replies"
    __table_args__ = ({"info": {"rows_at_once": 20}},)  # a batch's may have some MB

    user_id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    body_sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(27), index=True)
    answer: Mapped[bytes] = mapped_column(LargeBinary)


class SeenRow(Base):
    """That a user has seen a record on the ward's page. at: microseconds in UTC."""

    __tablename__ = "ward_seen"

    record: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)
