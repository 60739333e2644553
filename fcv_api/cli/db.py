"""`fcv db`: the database's tables."""

from __future__ import annotations

from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url

from fcv_api.settings import ROOT, Settings, SettingsError


@click.group()
def db() -> None:
    """Make or update the database's tables."""


@db.command()
def upgrade() -> None:
    """Bring the tables up to date. Running it again changes nothing.

    A database of the thesis' service is adopted: its users keep their names and passwords, and become clients.
    """
    migrate_database(Settings.from_environment())
    click.echo("The database is up to date.")


def migrate_database(settings: Settings) -> None:
    """Run all migrations that are missing. Raises SettingsError when the checkout is not here."""
    scripts = ROOT / "migrations"
    if not scripts.is_dir():
        raise SettingsError(f"{scripts} is missing: run fcv from a checkout (or the image), installed with pip -e.")
    url = make_url(str.__str__(settings.database_url))
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)  # password hashes are in it; the files beside it take its mode
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["url"] = str.__str__(settings.database_url)
    command.upgrade(config, "head")
