"""`fcv doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import click
import orjson

from fcv_api.app import database_app
from fcv_api.cli.doctor.backup import check_backup
from fcv_api.cli.doctor.certificate import SHIPPED_PLACE, check_certificate
from fcv_api.cli.doctor.clock import check_clock, check_zone
from fcv_api.cli.doctor.database import check_database
from fcv_api.cli.doctor.directory import check_directory
from fcv_api.cli.doctor.disk import check_disk
from fcv_api.cli.doctor.feed import check_feed
from fcv_api.cli.doctor.files import check_log, check_secrets
from fcv_api.cli.doctor.finding import FAILED, WARNING, Finding, Place, Wanted, reason_of, worst
from fcv_api.cli.doctor.hl7 import check_hl7
from fcv_api.cli.doctor.models import check_model
from fcv_api.cli.doctor.policy import check_settings
from fcv_api.cli.doctor.running import check_running
from fcv_api.extensions import db
from fcv_api.settings import Settings, SettingsError

CHECKS = (
    *(check_disk, check_settings, check_database, check_model, check_feed, check_hl7, check_directory),
    *(check_log, check_secrets, check_zone, check_backup, check_running),
)
"""Those that need the settings. The disk first: where it is full, much else fails for it."""

FILE = click.Path(dir_okay=False, path_type=Path)


def doctor(
    certificate: Path | None,
    url: str | None,
    authority: Path | None,
    *,
    stopped: bool,
    warn_is_error: bool,
    as_json: bool,
) -> None:
    findings = examine(Wanted(certificate or SHIPPED_PLACE, url, authority, stopped))
    if as_json:
        report = {"status": worst(findings), "checks": findings}
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    else:
        for finding in findings:
            click.echo(f"{finding.status:<8} {finding.check:<12} {finding.detail}")
            if finding.advice:
                click.echo(f"{'':<21} -> {finding.advice}")
    if worst(findings) in ((FAILED, WARNING) if warn_is_error else (FAILED,)):
        raise SystemExit(1)


def examine(wanted: Wanted) -> list[Finding]:
    """Run every check that can be run. Settings that cannot be read are a finding too."""
    logging.getLogger("fcv_api").setLevel(logging.CRITICAL)
    free = [*_run("clock", check_clock), *_run("certificate", partial(check_certificate, wanted))]
    try:
        settings = Settings.from_environment()
    except (SettingsError, OSError) as error:
        advice = "Correct it, and run this again: database, model, feed, disk, log and secrets were not looked at."
        return [Finding("settings", FAILED, str(error), advice), *free]
    place, found = Place(settings, wanted), []
    with database_app(settings).app_context():
        for check in CHECKS:
            found += _run(check.__name__.removeprefix("check_"), partial(check, place))
        db.engine.dispose()
    return [*found, *free]


def _run(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Run a check. What it did not foresee is a finding, and the other checks go on."""
    found: list[Finding] = []
    try:
        found.extend(check())
    except Exception as error:  # noqa: BLE001 - this command must work where things are broken
        advice = (
            "Look at what it names; if it names nothing you know, this is an error of the program: tell its makers."
        )
        found.append(Finding(name, FAILED, f"{type(error).__name__}: {reason_of(error)}.", advice))
    return found
