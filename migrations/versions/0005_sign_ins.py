"""Wrong passwords of the last hour, and tokens of machines.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "failed_sign_ins",
        sa.Column("password", sa.String(64), primary_key=True),
        sa.Column("pair", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("pair_waits", sa.Integer, nullable=False),
        sa.Column("address_waits", sa.Integer, nullable=False),
    )
    for column in ("address", "at"):
        op.create_index(f"ix_failed_sign_ins_{column}", "failed_sign_ins", [column])

    op.create_table(
        "machine_tokens",
        sa.Column("jti", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("machine_tokens")
    op.drop_table("failed_sign_ins")
