"""`fcv feed`: score each bed at each slot, beside the web workers; and how that stands."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import maintenance
from fcv_api.access_log import open_log
from fcv_api.accounts.system import feed_account
from fcv_api.app import database_app, load_models
from fcv_api.cli.hl7_listener import hl7_listener
from fcv_api.domain.answer_context import AnswerContext
from fcv_api.domain.errors import NoModel
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.extensions import db
from fcv_api.feed import status as found
from fcv_api.feed.turns import Feed, database_now, run_slot, slot_due
from fcv_api.lstm.runtime import RUNTIME
from fcv_api.lstm.swap import SwappedModels
from fcv_api.settings import Settings, SettingsError
from fcv_api.wire.beds import utc

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_RUNS = 10.0
"""Of the same slot: for rows of it that came later than it was due."""
log = logging.getLogger("fcv_api")


@click.group()
def feed() -> None:
    """Score each bed from the memory of beds."""


@feed.command("run")
@click.option("--once", is_flag=True, help="Score what is due now, and end.")
def run_(*, once: bool) -> None:
    """Score each stay at each slot and record it, until it is stopped: one process a host, beside the web workers."""
    settings = Settings.from_environment()
    if settings.feed == "off":
        raise SettingsError("FCV_FEED is off: set it to on, and start again.")
    if not once:
        open_log(settings.log_dir, settings.timezone)
    app = database_app(settings, serving=True)
    maintenance.begin(app, settings)
    models = load_models(settings, app)
    with app.app_context(), closing_database():
        account = feed_account()
        if account.renamed:
            click.echo(f"The account feed is called {account.renamed} now: its name is the system's.", err=True)
        if once:
            click.echo(f"Recorded {_score(settings, models, account.id):,} turns.")
        else:
            with hl7_listener(settings):
                _run(app, settings, models, account.id)


@contextmanager
def closing_database() -> Iterator[None]:
    """Close the connections of the current app's database with a block."""
    try:
        yield
    finally:
        db.engine.dispose()


def _run(app: Flask, settings: Settings, models: SwappedModels, user_id: int) -> None:
    """Look each second whether a slot is due, until a signal says to stop. What is away is tried again."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    models.watch()
    last, again_at = 0, 0.0
    while not stopped.wait(SECONDS_BETWEEN_LOOKS):
        try:
            slot = _slot(settings, models.active().spec)
            if slot > last or monotonic() >= again_at:
                _score(settings, models, user_id)
                last, again_at = slot, monotonic() + SECONDS_BETWEEN_RUNS
        except (SQLAlchemyError, NoModel) as error:
            log.error("feed: %s", type(error).__name__)  # noqa: TRY400 - its text may quote a row
    with app.app_context():
        models.forget()


def _slot(settings: Settings, spec: WindowSpec) -> int:
    return slot_due(database_now(), settings.settle_seconds, step_of(spec))


def _score(settings: Settings, models: SwappedModels, user_id: int) -> int:
    now = datetime.now(UTC) if settings.stale_minutes else None
    given = AnswerContext(now, timedelta(minutes=settings.stale_minutes), settings.production)
    slot = _slot(settings, models.active().spec)
    return run_slot(Feed(models, user_id, RUNTIME, given), slot)


@feed.command()
def status() -> None:
    """Print turns due and late, each stay's last slot, and what was heard of each source. Times are in UTC."""
    settings = Settings.from_environment()
    with database_app(settings).app_context():
        now = database_now()
        slot = slot_due(now, settings.settle_seconds, step_of(WindowSpec()))
        stays, sources = found.turns(slot), found.sources()
    late = sum(each.is_due for each in stays)
    click.echo(f"Slot {_minute(slot)}: {len(stays):,} stays, {late:,} turns due and not recorded yet.")
    for each in stays:
        last = _minute(each.last_slot) if each.last_slot else "never"
        click.echo(f"{each.encounter:>19}  last slot {last:<16}  {'due' if each.is_due else ''}".rstrip())
    for source in sources:
        counted = ", ".join(f"{name} {count:,}" for name, count in source.counters.items() if count) or "nothing yet"
        offset = "" if source.clock_offset is None else f", its clock {source.clock_offset / 1e6:+.1f} s"
        heard = f"last heard {_minute(source.last_message_at)}{offset}"
        click.echo(f"{source.name} at {source.host}: {heard}; {counted}")


def _minute(at: int) -> str:
    return utc(at)[:16].replace("T", " ")
