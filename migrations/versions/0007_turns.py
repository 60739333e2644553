"""Turns of the feed in the record: at most one for each stay and slot, whatever drives it.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that older versions leave empty."""
    op.add_column("predictions", sa.Column("slot", sa.BigInteger))
    op.add_column("predictions", sa.Column("sources", sa.LargeBinary))
    op.add_column("stays", sa.Column("corrected_at", sa.BigInteger))
    of_a_turn = sa.text("slot IS NOT NULL")
    op.create_index(
        "uq_predictions_encounter_slot",
        "predictions",
        ["encounter", "slot"],
        unique=True,
        sqlite_where=of_a_turn,
        postgresql_where=of_a_turn,
    )


def downgrade() -> None:
    """Forget where turns were."""
    op.drop_index("uq_predictions_encounter_slot", "predictions")
    op.drop_column("stays", "corrected_at")
    op.drop_column("predictions", "sources")
    op.drop_column("predictions", "slot")
