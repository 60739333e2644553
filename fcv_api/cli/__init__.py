"""The `fcv` command, one module a group."""

from __future__ import annotations

import click

from fcv_api import __version__
from fcv_api.cli.alerts import alerts
from fcv_api.cli.check import check
from fcv_api.cli.db import db
from fcv_api.cli.db_backup import backup
from fcv_api.cli.db_copy import copy
from fcv_api.cli.db_restore import restore
from fcv_api.cli.doctor import doctor
from fcv_api.cli.errors import SentenceGroup
from fcv_api.cli.feed import feed
from fcv_api.cli.fhir import fhir
from fcv_api.cli.hl7 import hl7
from fcv_api.cli.lazy import LAZY
from fcv_api.cli.ledger import ledger
from fcv_api.cli.model import model
from fcv_api.cli.policy import policy
from fcv_api.cli.predict import predict
from fcv_api.cli.serve import serve
from fcv_api.cli.stays import stays
from fcv_api.cli.users import users


@click.group(cls=SentenceGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fcv")
def main() -> None:
    """From a bedside monitor's rows to the probabilities of cardiac arrest, low cardiac output and cardiogenic shock.

    Start with `fcv serve`. Settings come from the environment or from a file `.env`; `.env.example` lists all.
    """


db.add_command(backup)
db.add_command(copy)
db.add_command(restore)
for command in (serve, predict, users, stays, feed, hl7, fhir, model, policy, alerts, ledger, db, doctor, check, *LAZY):
    main.add_command(command)
