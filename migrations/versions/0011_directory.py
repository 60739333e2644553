"""Accounts of a directory: which entry of it an account is.

Revision ID: 0011
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. An index and no constraint makes it unique: SQLite adds none to a table that there is."""
    op.add_column("users", sa.Column("directory_id", sa.String(255)))
    op.create_index("ix_users_directory_id", "users", ["directory_id"], unique=True)


def downgrade() -> None:
    """Forget whose accounts are a directory's. Nobody signs in to them: they have no password."""
    op.drop_index("ix_users_directory_id", "users")
    op.drop_column("users", "directory_id")
