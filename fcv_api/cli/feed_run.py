"""`fcv feed run`: score each bed at each slot, beside the web workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import click
from sqlalchemy.exc import SQLAlchemyError

from fcv_api import heads_log, maintenance
from fcv_api.access_log import Output, open_log
from fcv_api.accounts.system import SystemAccount, feed_account, feed_test_account, feed_test_account_id
from fcv_api.app import database_app, load_models
from fcv_api.cli.feed_trouble import Trouble
from fcv_api.cli.hl7_listener import hl7_listener
from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import AnswerContext
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.domain.words import counted
from fcv_api.extensions import db
from fcv_api.feed import process
from fcv_api.feed.turns import Feed, database_now, run_groups, run_slot, slot_due
from fcv_api.lstm.kernel import prctl
from fcv_api.lstm.runtime import RUNTIME
from fcv_api.lstm.swap import SwappedModels
from fcv_api.metrics.counts import Counts
from fcv_api.metrics.exposition import exposed
from fcv_api.metrics.workers import Build
from fcv_api.serving.watchdog import SignsOfLife
from fcv_api.settings import Settings
from fcv_api.settings.hl7 import host_and_port

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_BETWEEN_RUNS = 10.0
"""Of the same slot: for rows of it that came later than it was due."""
SIGNAL_OF_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG, linux/prctl.h


@dataclass(frozen=True, slots=True)
class Scoring:
    """What the loop scores with. user_id, test_user_id: of the system accounts."""

    settings: Settings
    models: SwappedModels
    user_id: int
    test_user_id: int | None
    counts: Counts = field(default_factory=Counts)

    def slot(self) -> int:
        """Return the newest slot that is due, by the database's clock."""
        return slot_due(database_now(), self.settings.settle_seconds, step_of(self.spec))

    @property
    def spec(self) -> WindowSpec:
        """What the active model reads. Raises NoModel."""
        return self.models.active().spec

    @property
    def feed(self) -> Feed:
        """What turns are scored with now."""
        now = datetime.now(UTC) if self.settings.stale_minutes else None
        given = AnswerContext(now, timedelta(minutes=self.settings.stale_minutes), self.settings.production)
        return Feed(self.models, self.user_id, RUNTIME, given, self.test_user_id)


def run_(sign_of_life: Path | None, parent: int | None, *, once: bool) -> None:
    if parent:
        end_with(parent)
    settings = Settings.from_environment()
    if settings.feed == "off":
        click.echo("FCV_FEED is off: nothing is scored. Set it to on, and start again.")
        return
    if not once:
        open_log(settings.log_dir, settings.timezone, Output(settings.log_format, settings.log_to, settings.syslog))
        heads_log.open_log(settings.log_dir)
    app = database_app(settings, serving=True)
    maintenance.begin(app, settings)
    models = load_models(settings, app, process.host())
    with app.app_context(), closing_database():
        if once:
            scoring = _scoring(settings, models)
            click.echo(f"Recorded {counted(run_slot(scoring.feed, scoring.slot()), 'turn')}.")
        else:
            signs = SignsOfLife(sign_of_life)
            signs.begin()  # before it writes anything
            scoring = _scoring(settings, models)
            with hl7_listener(settings, scoring.counts.registry), exposed_counts(settings, scoring.counts):
                keep_scoring(scoring, signs, parent)


def end_with(parent: int) -> None:
    """Let the kernel end this process, frozen or not, as soon as its parent ends. Ends it where that was so already."""
    if sys.platform.startswith("linux"):
        prctl(SIGNAL_OF_PARENTS_DEATH, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)


@contextmanager
def closing_database() -> Iterator[None]:
    """Close the connections of the current app's database with a block."""
    try:
        yield
    finally:
        db.engine.dispose()


@contextmanager
def exposed_counts(settings: Settings, counts: Counts) -> Iterator[None]:
    """Serve what this process counts within a block, where FCV_FEED_METRICS_BIND says where."""
    if settings.feed_metrics_bind is None:
        yield
        return
    counts.registry.register(Build())
    with exposed(host_and_port(settings.feed_metrics_bind), counts.registry):
        yield


def _scoring(settings: Settings, models: SwappedModels) -> Scoring:
    """Return it with the system's accounts, of which the one for test sources is made where these are allowed."""
    of_test = _said("feed-test", feed_test_account()) if settings.allow_test_sources else feed_test_account_id()
    return Scoring(settings, models, _said("feed", feed_account()), of_test)


def _said(name: str, account: SystemAccount) -> int:
    if account.renamed:
        click.echo(f"The account {name} is called {account.renamed} now: its name is the system's.", err=True)
    return account.id


def _run(scoring: Scoring, slot: int, signs: SignsOfLife) -> None:
    """Score and record the turns of a slot that are due. Raises SQLAlchemyError and NoModel."""
    began, any_recorded = monotonic(), False
    for recorded in run_groups(scoring.feed, slot):
        signs.beat()
        scoring.counts.recorded(recorded)
        any_recorded = any_recorded or bool(recorded)
    if any_recorded:
        scoring.counts.slot_scored(monotonic() - began)


def keep_scoring(scoring: Scoring, signs: SignsOfLife, parent: int | None) -> None:
    """Look each second whether a slot is due, until a signal says to stop. What is away is tried again."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    # Its first look also reports, and deletes what is old: after an outage that takes longer than a watchdog waits.
    threading.Thread(target=scoring.models.watch, name="first look", daemon=True).start()
    last, again_at, trouble = 0, 0.0, Trouble()
    while not stopped.wait(SECONDS_BETWEEN_LOOKS) and parent in (None, os.getppid()):
        signs.beat()
        try:
            slot = scoring.slot()
            if slot > last or monotonic() >= again_at:
                _run(scoring, slot, signs)
                last, again_at = slot, monotonic() + SECONDS_BETWEEN_RUNS
                trouble.is_over()
        except (SQLAlchemyError, NoModel) as error:
            trouble.happens(error)
    scoring.models.forget()
