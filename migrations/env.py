"""Alembic's entry: the database and the tables, without building the app."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

import fcv_api.accounts
import fcv_api.activations
import fcv_api.ledger.tables  # noqa: F401 - the same
from fcv_api.extensions import db
from fcv_api.settings import Settings


def run() -> None:
    """Migrate in one transaction, alone: of two instances that start at once, one waits for the other."""
    url = context.config.attributes.get("url") or str.__str__(Settings.from_environment().database_url)
    engine = create_engine(url).execution_options(fcv_writes=True)
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(5501)"))
        context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True)
        context.run_migrations()
    engine.dispose()


run()
