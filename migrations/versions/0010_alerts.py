"""Alerts: the policies that were put in force, where each cause stands, and what became of it.

Revision ID: 0010
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "policies",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.UniqueConstraint("name", "version", "sha256", name="uq_policies_name"),
    )
    op.create_table(
        "policy_activations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("policy_id", sa.Integer, sa.ForeignKey("policies.id")),
        sa.Column("model_name", sa.String(64)),
        sa.Column("model_version", sa.String(64)),
        sa.Column("model_sha256", sa.String(64)),
        sa.Column("burden", sa.Text),
        sa.Column("begins_at", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    _make_alerts()


def _cause() -> list[sa.Column]:
    return [
        sa.Column("encounter", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String(128), nullable=False),
    ]


def _make_alerts() -> None:
    op.create_table(
        "alerts",
        *_cause(),
        sa.Column("activation", sa.BigInteger, nullable=False),
        sa.Column("raised_at", sa.BigInteger, nullable=False),
        sa.Column("newest_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("holds", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.BigInteger),
        sa.Column("seen_by", sa.String(255)),
        sa.PrimaryKeyConstraint("encounter", "user_id", "cause", name="pk_alerts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alerts_holding", "alerts", ["activation", "holds"])
    op.create_table(
        "alert_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        *_cause(),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("activation", sa.BigInteger, nullable=False),
        sa.Column("record", sa.String(32)),
        sa.Column("by", sa.String(255)),
    )
    op.create_index("ix_alert_events_recorded_at", "alert_events", ["recorded_at"])
    op.create_index("ix_alert_events_encounter", "alert_events", ["encounter", "id"])


def downgrade() -> None:
    """Forget all alerts and policies."""
    for table in ("alert_events", "alerts", "policy_activations", "policies"):
        op.drop_table(table)
