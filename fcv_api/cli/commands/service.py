"""`fcv serve`, `predict`, `doctor`, `check`, `report`: the service, an answer without it, and whether all is well."""

from __future__ import annotations

from typing import Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.options import FILE


@click.command()
@click.option("--bind", metavar="HOST:PORT", help="Where to listen, instead of FCV_BIND (127.0.0.1:8000).")
@click.option("--reload", is_flag=True, help="Start again whenever a source file changes. For development.")
def serve(**given: Any) -> None:
    """Bring the database up to date and serve, until Ctrl-C."""
    from fcv_api.cli.serve import serve as work

    work(**given)


@click.command()
@click.argument("file", type=FILE)
@click.option("--model", metavar="NAME[/VERSION]", help="Which model answers, instead of the active one.")
def predict(**given: Any) -> None:
    """Print the answer to the request in FILE, a JSON file as posted to /predict.

    Needs no server and no account, and records nothing.
    """
    from fcv_api.cli.predict import predict as work

    work(**given)


@click.command()
@click.option("--certificate", type=FILE, help="The server's certificate, instead of deploy/certs'.")
@click.option("--url", help="Where clients reach the service, https://..., to look at the certificate that is shown.")
@click.option("--ca", "authority", type=FILE, help="The authority that clients trust, for --url.")
@click.option("--stopped", is_flag=True, help="The service is meant to be down: do not ask it.")
@click.option("--warn-is-error", is_flag=True, help="Exit with 1 for a warning too.")
@options.as_json
def doctor(**given: Any) -> None:
    """Look at disk, settings, database, model, feed, HL7, directory, log, secrets, clock, certificate and service.

    Say what to do about what is wrong. Exit code 1 when anything has failed; warnings are 0. Run it as the service's
    user, with the service's settings: as root it cannot tell what the service may do.
    """
    from fcv_api.cli.doctor import doctor as work

    work(**given)


@click.command()
def check() -> None:
    """Print one line on the whole installation, for Nagios, Zabbix and the like: exit code 0 ok, 1 warning, 2 failed.

    3 is *unknown*: the settings could not be read. `fcv doctor` says more, and what to do.
    """
    from fcv_api.cli.check import check as work

    work()


@click.command()
@click.option("--serve", is_flag=True, help="Serve them at FCV_METRICS_BIND until it is stopped, as `fcv serve` does.")
@click.option("--sign-of-life", type=FILE, hidden=True)
@click.option("--parent", type=int, hidden=True, help="The process that started this one: without it, this one ends.")
def metrics(**given: Any) -> None:
    """Print what Prometheus would read of the service on this host: what its workers counted, database and disk."""
    from fcv_api.cli.metrics import metrics as work

    work(**given)


@click.command()
@click.option("--day", default="yesterday", show_default=True, metavar="DAY", help="2026-11-27, today or yesterday.")
@options.as_json
def report(**given: Any) -> None:
    """Sum a day up from log and record: requests, errors, beds, warnings, alerts, starts, activations, disk.

    The day is that of FCV_TIMEZONE. It says what it could not read, and names no patient, bed or user.
    """
    from fcv_api.cli.report import report as work

    work(**given)
