"""The tables of the bed's memory. Times are microseconds since the epoch in UTC, as the domain computes with them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Double, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fcv_api.extensions import Base


class StayRow(Base):
    """A stay: what its observations say of it, as `domain.stays.Stay`. closed_at: by hand, or by a message.

    corrected_at: when the last correction or deletion came.
    """

    __tablename__ = "stays"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(264))
    bed: Mapped[str | None] = mapped_column(String(250))
    bed_at: Mapped[int | None] = mapped_column(BigInteger)
    opened_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger, index=True)
    moving_at: Mapped[int | None] = mapped_column(BigInteger)
    closed_at: Mapped[int | None] = mapped_column(BigInteger)
    corrected_at: Mapped[int | None] = mapped_column(BigInteger)


class PlacementRow(Base):
    """A stay was observed in a bed within a slot, by its end."""

    __tablename__ = "placements"
    __table_args__ = ({"sqlite_with_rowid": False},)

    source: Mapped[str] = mapped_column(String(264), primary_key=True)
    bed: Mapped[str] = mapped_column(String(250), primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    encounter: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


Index("ix_placements_encounter", PlacementRow.encounter, PlacementRow.slot)
Index("ix_placements_slot", PlacementRow.slot)


class ObservationRow(Base):
    """The statement that holds of one observation. sign: its code. value: null where it was deleted."""

    __tablename__ = "observations"
    __table_args__ = ({"sqlite_with_rowid": False},)

    encounter: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sign: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, index=True)
    source: Mapped[str] = mapped_column(String(264), primary_key=True)
    channel: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[float | None] = mapped_column(Double)
    unit: Mapped[str] = mapped_column(String(64))
    flag: Mapped[str] = mapped_column(String(128))
    status: Mapped[str] = mapped_column(String(16))
    sent_at: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[int] = mapped_column(BigInteger)


class UnnamedBedRow(Base):
    """A bed that sent without an encounter. since, seen_at: the times of the oldest and the newest such observation."""

    __tablename__ = "unnamed_beds"

    source: Mapped[str] = mapped_column(String(264), primary_key=True)
    bed: Mapped[str] = mapped_column(String(250), primary_key=True)
    since: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger)


class TurnRow(Base):
    """The last slot of a stay that was scored, or skipped."""

    __tablename__ = "turns"

    encounter: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_slot: Mapped[int] = mapped_column(BigInteger)


class SourceRow(Base):
    """What a host heard of a source. clock_offset: of the source's clock, in microseconds. counters: JSON."""

    __tablename__ = "feed_sources"

    name: Mapped[str] = mapped_column(String(264), primary_key=True)
    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    last_message_at: Mapped[int] = mapped_column(BigInteger)
    clock_offset: Mapped[int | None] = mapped_column(BigInteger)
    counters: Mapped[str] = mapped_column(Text)


class ArrivalRow(Base):
    """One row, of number 1: what arrivals say of the clock, as `domain.arrivals.Clock`."""

    __tablename__ = "feed_arrivals"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    newest_at: Mapped[int] = mapped_column(BigInteger)
    doubted: Mapped[bool] = mapped_column(Boolean)
    agreeing_since: Mapped[int | None] = mapped_column(BigInteger)
