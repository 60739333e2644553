"""Which model version is active, since when, by whom and why; and what each worker serves.

An activation copies the model into the database, so that hosts need no shared disk and history can be gone back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    DateTime,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from fcv_api.extensions import Base, read_transaction, write_transaction

SEEN_RECENTLY = timedelta(seconds=60)
PINNED = "pinned by FCV_MODEL"  # the problem of a worker whose own settings name its model: no activation reaches it


class StoredModel(Base):
    """A copy of a model that was activated once."""

    __tablename__ = "models"
    __table_args__ = (
        UniqueConstraint("name", "version", "sha256", "manifest_sha256"),
        {"info": {"rows_at_once": 1}},  # a flatbuffer may have 64 MB
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    manifest: Mapped[bytes] = mapped_column(LargeBinary)
    flatbuffer: Mapped[bytes] = mapped_column(LargeBinary)


class ActivationRow(Base):
    """One act of putting a model into service. The one with the largest id is in force."""

    __tablename__ = "activations"

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    by: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text)


class WorkerRow(Base):
    """What one process serves, by its own word."""

    __tablename__ = "workers"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    pid: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    activation: Mapped[int]
    problem: Mapped[str] = mapped_column(Text, server_default="")
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class ModelCopy:
    """A model as the database keeps it. `manifest_sha256` tells two manifests of one flatbuffer apart."""

    name: str
    version: str
    sha256: str
    manifest_sha256: str
    manifest: bytes
    flatbuffer: bytes


@dataclass(frozen=True, slots=True)
class Activation:
    """One row of the history, without the model's bytes."""

    id: int
    model_id: int
    name: str
    version: str
    sha256: str
    manifest_sha256: str
    at: datetime
    by: str
    reason: str

    @property
    def reference(self) -> str:
        """Which model, as `name/version`."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that reported lately. activation: the id that it took up, 0 for none. problem: why it did not."""

    host: str
    pid: int
    name: str
    version: str
    sha256: str
    activation: int
    problem: str
    seen_at: datetime | None = None


_COPY = [getattr(StoredModel, name) for name in ModelCopy.__dataclass_fields__]
_HISTORY = select(
    *(ActivationRow.id, ActivationRow.model_id, StoredModel.name, StoredModel.version, StoredModel.sha256),
    *(StoredModel.manifest_sha256, ActivationRow.at, ActivationRow.by, ActivationRow.reason),
).join(StoredModel, ActivationRow.model_id == StoredModel.id)


def latest_id() -> int:
    """Return the id of the activation in force; 0 when there is none. Asked by every worker every second."""
    with read_transaction() as connection:
        return int(connection.scalar(select(func.coalesce(func.max(ActivationRow.id), 0))) or 0)


def history() -> list[Activation]:
    """Return all activations, the newest first."""
    with read_transaction() as connection:
        return [Activation(*row) for row in connection.execute(_HISTORY.order_by(ActivationRow.id.desc()))]


def in_force() -> Activation | None:
    """Return the activation in force."""
    return next(iter(history()), None)


def model_copy(activation: int) -> ModelCopy:
    """Return the model of an activation."""
    query = select(*_COPY).join(ActivationRow, ActivationRow.model_id == StoredModel.id)
    with read_transaction() as connection:
        return ModelCopy(*connection.execute(query.where(ActivationRow.id == activation)).one())


def find_copy(name: str, version: str, sha256: str) -> ModelCopy | None:
    """Return the newest copy of a model that was activated once."""
    query = select(*_COPY).filter_by(name=name, version=version, sha256=sha256).order_by(StoredModel.id.desc())
    with read_transaction() as connection:
        found = connection.execute(query.limit(1)).first()
    return ModelCopy(*found) if found else None


def activate(copy: ModelCopy, by: str, reason: str) -> int:
    """Store a model, unless it is stored already, and put it in force. Gives the activation's id."""
    with write_transaction() as session:
        row = {"model_id": _store(session, copy), "at": datetime.now(UTC), "by": by, "reason": reason}
        return int(session.execute(insert(ActivationRow).values(row).returning(ActivationRow.id)).scalar_one())


def _store(session: Session, copy: ModelCopy) -> int:
    values: dict[str, Any] = {name: getattr(copy, name) for name in ModelCopy.__dataclass_fields__}
    identity = {name: values[name] for name in ("name", "version", "sha256", "manifest_sha256")}
    found = session.scalar(select(StoredModel.id).filter_by(**identity))
    if found is not None:
        return found
    return int(session.execute(insert(StoredModel).values(values).returning(StoredModel.id)).scalar_one())


def report(worker: Worker) -> None:
    """Record what a process serves, and forget those that have said nothing for a day."""
    said = {name: getattr(worker, name) for name in Worker.__dataclass_fields__} | {"seen_at": datetime.now(UTC)}
    mine = (WorkerRow.host == worker.host, WorkerRow.pid == worker.pid)
    with write_transaction() as session:
        if not session.execute(update(WorkerRow).where(*mine).values(said).returning(WorkerRow.pid)).all():
            session.execute(insert(WorkerRow).values(said))
            session.execute(delete(WorkerRow).where(WorkerRow.seen_at < datetime.now(UTC) - timedelta(days=1)))


def forget(host: str, pid: int) -> None:
    """Take a process that ended out of the list."""
    with write_transaction() as session:
        session.execute(delete(WorkerRow).where(WorkerRow.host == host, WorkerRow.pid == pid))


def workers() -> list[Worker]:
    """Return the processes that reported in the last 60 s."""
    columns = [getattr(WorkerRow, name) for name in Worker.__dataclass_fields__]
    recent = WorkerRow.seen_at >= datetime.now(UTC) - SEEN_RECENTLY
    with read_transaction() as connection:
        return [Worker(*row) for row in connection.execute(select(*columns).where(recent))]
