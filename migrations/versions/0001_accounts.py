"""Accounts: make the users table, or adopt the one that the thesis' service left.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ADOPTED = {"id", "username", "hashed_password"}


def upgrade() -> None:
    """Keep every user that is there. Other tables of an adopted database are left alone."""
    if sa.inspect(op.get_bind()).has_table("users"):
        _adopt_users()
    else:
        _create_users()
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.String(64), primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("username", sa.String(255), nullable=False),
        sa.Column("hashed_password", sa.String(255), nullable=False),
        *_new_columns(),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )


def _new_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("role", sa.String(16), nullable=False, server_default="client"),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("created_at", sa.DateTime(timezone=True)),
        sa.Column("token_generation", sa.Integer, nullable=False, server_default="0"),
    ]


def _adopt_users() -> None:
    """Add what is missing to an older table, whose users become clients with the passwords they have."""
    inspector = sa.inspect(op.get_bind())
    present = {column["name"] for column in inspector.get_columns("users")}
    if not present >= ADOPTED:
        missing = ", ".join(sorted(ADOPTED - present))
        raise CommandError(f"The table users of this database cannot be adopted: it lacks {missing}.")
    for column in _new_columns():
        if column.name not in present:
            op.add_column("users", column)
    if "role" in present:  # another service's roles mean nothing here
        op.execute("UPDATE users SET role = 'client'")
    if "is_active" in present:
        op.execute(sa.text("UPDATE users SET is_active = :yes WHERE is_active IS NULL").bindparams(yes=True))
    indexes = [*inspector.get_unique_constraints("users"), *inspector.get_indexes("users")]
    unique = [each["column_names"] for each in indexes if each.get("unique", True)]
    if ["username"] not in unique:
        _refuse_doubles()
        op.create_index("uq_users_username", "users", ["username"], unique=True)


def _refuse_doubles() -> None:
    query = sa.text("SELECT username FROM users GROUP BY username HAVING COUNT(*) > 1 AND username IS NOT NULL")
    doubles = op.get_bind().execute(query).all()
    if doubles:
        raise CommandError("The table users holds a username more than once; make all usernames distinct.")


def downgrade() -> None:
    """Give the adopted shape back."""
    op.drop_table("revoked_tokens")
    with op.batch_alter_table("users") as batch:
        for column in _new_columns():
            batch.drop_column(str(column.name))
