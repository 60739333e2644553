"""What a serving process does beside requests: look at the database's file, publish heads, write counts, forget."""

from __future__ import annotations

from time import time_ns

from flask import Flask

from fcv_api.accounts import throttle
from fcv_api.extensions import known_file
from fcv_api.feed import retention, sources
from fcv_api.ledger.database_file import FileWatch
from fcv_api.ledger.heads import publish_head
from fcv_api.ledger.replies import forget_expired
from fcv_api.settings import Settings

WATCH = "file_watch"


def begin(app: Flask, settings: Settings) -> None:
    """Look at SQLite's file before anything is read from it.

    In production it must hold what was published, as while the service runs. In development a file may be thrown away.
    """
    with app.app_context():
        if file := known_file():
            watch = app.extensions[WATCH] = FileWatch(file, settings.log_dir)
            watch.start(strict=settings.production)


def look(app: Flask) -> None:
    """Look whether the file is still the one that is used: once a second, within an app's context."""
    watch: FileWatch | None = app.extensions.get(WATCH)
    if watch:
        watch.look()


def run(settings: Settings) -> None:
    """Do all else that is due, within an app's context. Raises SQLAlchemyError."""
    publish_head()
    forget_expired()
    throttle.forget_old()
    if settings.feed != "off":
        sources.flush()
        retention.purge(time_ns() // 1000, settings.observation_hours)


def end() -> None:
    """Write what nobody would write after this process, within an app's context. Raises SQLAlchemyError."""
    publish_head(at_once=True)
    sources.flush(at_once=True)
