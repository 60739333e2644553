"""Outcomes: what became of stays, by the hospital's word.

Revision ID: 0009
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "outcomes",
        sa.Column("encounter", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(32), primary_key=True),
        sa.Column("onset", sa.String(27)),
        sa.Column("patient", sa.String(64)),
        sa.Column("more", sa.Text, nullable=False),
        sa.Column("known_at", sa.String(27), nullable=False),
        sa.Column("changed_at", sa.String(27), nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("outcomes")
