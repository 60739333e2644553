"""The bed's memory: stays, observations, turns and sources.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG, SOURCE, BED = sa.BigInteger(), sa.String(264), sa.String(250)


def _key(name: str, kind: sa.types.TypeEngine) -> sa.Column:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _cell(name: str, kind: sa.types.TypeEngine, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "stays",
        _key("id", BIG),
        _cell("source", SOURCE),
        _cell("bed", BED, nullable=True),
        _cell("bed_at", BIG, nullable=True),
        _cell("opened_at", BIG),
        _cell("seen_at", BIG),
        _cell("moving_at", BIG, nullable=True),
        _cell("closed_at", BIG, nullable=True),
    )
    op.create_index("ix_stays_seen_at", "stays", ["seen_at"])
    op.create_table(
        "placements",
        *(_key("source", SOURCE), _key("bed", BED), _key("slot", BIG), _key("encounter", BIG)),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_placements_encounter", "placements", ["encounter", "slot"])
    op.create_index("ix_placements_slot", "placements", ["slot"])
    op.create_table(
        "observations",
        *(_key("encounter", BIG), _key("sign", BIG), _key("at", BIG), _key("source", SOURCE)),
        *(_key("channel", sa.String(64)), _key("name", sa.String(64))),
        _cell("value", sa.Double(), nullable=True),
        *(_cell("unit", sa.String(64)), _cell("flag", sa.String(128)), _cell("status", sa.String(16))),
        *(_cell("sent_at", BIG), _cell("received_at", BIG)),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_observations_at", "observations", ["at"])
    op.create_table(
        "unnamed_beds", *(_key("source", SOURCE), _key("bed", BED), _cell("since", BIG), _cell("seen_at", BIG))
    )
    op.create_table("turns", _key("encounter", BIG), _cell("last_slot", BIG))
    op.create_table(
        "feed_sources",
        *(_key("name", SOURCE), _key("host", sa.String(255)), _cell("last_message_at", BIG)),
        *(_cell("clock_offset", BIG, nullable=True), _cell("counters", sa.Text())),
    )
    op.create_table(
        "feed_arrivals",
        *(_key("id", sa.Integer()), _cell("newest_at", BIG), _cell("doubted", sa.Boolean())),
        _cell("agreeing_since", BIG, nullable=True),
    )


def downgrade() -> None:
    """Forget them."""
    for table in (
        *("feed_arrivals", "feed_sources", "turns", "unnamed_beds"),
        *("observations", "placements", "stays"),
    ):
        op.drop_table(table)
