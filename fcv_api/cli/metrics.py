"""`fcv metrics`: what Prometheus reads of this service, once or on a port of its own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from prometheus_client import CollectorRegistry, generate_latest

from fcv_api import maintenance
from fcv_api.access_log import Output, open_log
from fcv_api.app import database_app
from fcv_api.cli.feed_run import closing_database, end_with
from fcv_api.metrics.database import Database
from fcv_api.metrics.disk import Disk, Places
from fcv_api.metrics.exposition import exposed
from fcv_api.metrics.slots import folder_of
from fcv_api.metrics.state import About
from fcv_api.metrics.workers import Workers
from fcv_api.serving.watchdog import SignsOfLife
from fcv_api.settings import ROOT, Settings
from fcv_api.settings.hl7 import host_and_port

SHIPPED_CERTIFICATE = ROOT / "deploy" / "certs" / "server.crt"
SECONDS_BETWEEN_BEATS = 1.0
GIVES_WAY = 5
"""By how much less of a processor it gets than those who answer requests."""


def metrics(parent: int | None, sign_of_life: Path | None, *, serve: bool) -> None:
    if parent:
        end_with(parent)
    settings = Settings.from_environment()
    if serve and settings.metrics_bind is None:
        click.echo("FCV_METRICS_BIND is empty: metrics are not served.")
        return
    with registry_of(settings) as registry:
        if settings.metrics_bind is None or not serve:
            click.echo(generate_latest(registry).decode(), nl=False)
            return
        open_log(settings.log_dir, settings.timezone, Output(settings.log_format, settings.log_to, settings.syslog))
        with suppress(OSError):
            os.nice(GIVES_WAY)
        with exposed(host_and_port(settings.metrics_bind), registry):
            beat(SignsOfLife(sign_of_life), parent)


@contextmanager
def registry_of(settings: Settings) -> Iterator[CollectorRegistry]:
    """Yield all that is read of the service."""
    app = database_app(settings, serving=True)
    with suppress(OSError):
        maintenance.begin(app, settings)
    folder = folder_of(settings.log_dir, settings.bind)
    registry = CollectorRegistry()
    certificates = {"server": settings.certificate_file or SHIPPED_CERTIFICATE}
    if settings.hl7_tls_cert:
        certificates["hl7"] = settings.hl7_tls_cert
    about = About(settings.feed != "off", settings.settle_seconds, folder)
    registry.register(Workers(folder))
    registry.register(Database(app, about))
    registry.register(Disk(Places(settings.log_dir, settings.backup_dir, certificates)))
    with app.app_context(), closing_database():
        yield registry


def beat(signs: SignsOfLife, parent: int | None) -> None:
    """Beat until a signal ends the process at once, as nothing is left undone, or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signs.begin()
    while parent in (None, os.getppid()):
        signs.beat()
        time.sleep(SECONDS_BETWEEN_BEATS)
