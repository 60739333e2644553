"""The record of predictions: its rows, the heads that went to the log, and what was purged.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "predictions",
        sa.Column("encounter", sa.BigInteger, nullable=False),
        sa.Column("user_id", NUMBER, nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("problem", sa.String(64)),
        sa.Column("model_name", sa.String(64)),
        sa.Column("model_version", sa.String(64)),
        sa.Column("model_sha256", sa.String(64)),
        sa.Column("window_first", sa.String(27)),
        sa.Column("window_last", sa.String(27)),
        sa.Column("window_raw", sa.LargeBinary),
        sa.Column("probabilities", sa.Text),
        sa.Column("state", sa.String(32)),
        sa.Column("warnings", sa.Text),
        sa.Column("runtime", sa.Text),
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("duration_us", sa.BigInteger, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("id", name="uq_predictions_id"),
    )
    for column in ("user_id", "state"):
        op.create_index(f"ix_predictions_{column}", "predictions", [column])
    op.create_index("ix_predictions_encounter_seq", "predictions", ["encounter", "seq"])
    refused = sa.text("problem IS NOT NULL")
    op.create_index(
        "ix_predictions_refused",
        "predictions",
        ["encounter", "seq"],
        sqlite_where=refused,
        postgresql_where=refused,
    )
    op.create_table(
        "ledger_heads",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
    )
    op.create_table(
        "ledger_checkpoints",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
    )


def downgrade() -> None:
    """Forget every prediction."""
    for table in ("ledger_checkpoints", "ledger_heads", "predictions"):
        op.drop_table(table)
