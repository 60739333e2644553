"""The tables of alerts. Times are microseconds since the epoch in UTC, as the domain computes with them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fcv_api.extensions import Base

Number = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite makes its row's own number of nothing but INTEGER."""


class PolicyRow(Base):
    """A copy of a policy that was activated once. text: its file."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("name", "version", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)


class PolicyActivationRow(Base):
    """One act of putting a policy in force, or none where `policy_id` is null. The newest one that has begun holds.

    model_sha256: the model whose scores count; null where no score does. burden: the table that it was activated on.
    """

    __tablename__ = "policy_activations"

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policies.id"))
    model_name: Mapped[str | None] = mapped_column(String(64))
    model_version: Mapped[str | None] = mapped_column(String(64))
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    burden: Mapped[str | None] = mapped_column(Text)
    begins_at: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text)


class AlertRow(Base):
    """Where one cause of one stay stands, by the account that its records are of: `domain.alerting.Cause`.

    newest_at: of the stay's `Course`. recorded_at: by the clock of whoever recorded it. activation: rows of an older
    one are over. seen_at, seen_by: since it was raised.
    """

    __tablename__ = "alerts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    encounter: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    cause: Mapped[str] = mapped_column(String(128), primary_key=True)
    activation: Mapped[int] = mapped_column(BigInteger)
    raised_at: Mapped[int] = mapped_column(BigInteger)
    newest_at: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    holds: Mapped[bool] = mapped_column(Boolean)
    seen_at: Mapped[int | None] = mapped_column(BigInteger)
    seen_by: Mapped[str | None] = mapped_column(String(255))


Index("ix_alerts_holding", AlertRow.activation, AlertRow.holds)


class AlertEventRow(Base):
    """What became of a cause: raised, held, ended by a record, or seen by somebody.

    at: the assessment's time. recorded_at: by the clock of whoever recorded it.
    """

    __tablename__ = "alert_events"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    encounter: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(8))
    at: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[int] = mapped_column(BigInteger, index=True)
    activation: Mapped[int] = mapped_column(BigInteger)
    record: Mapped[str | None] = mapped_column(String(32))
    by: Mapped[str | None] = mapped_column(String(255))


Index("ix_alert_events_encounter", AlertEventRow.encounter, AlertEventRow.id)
