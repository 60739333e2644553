"""The `fcv` command, one module a group."""

from __future__ import annotations

import click

from fcv_api import __version__
from fcv_api.cli.commands.alerts import alerts
from fcv_api.cli.commands.db import db
from fcv_api.cli.commands.feed import feed
from fcv_api.cli.commands.fhir import fhir
from fcv_api.cli.commands.hl7 import hl7
from fcv_api.cli.commands.ledger import ledger
from fcv_api.cli.commands.model import model
from fcv_api.cli.commands.policy import policy
from fcv_api.cli.commands.score import score
from fcv_api.cli.commands.service import check, doctor, metrics, predict, report, serve
from fcv_api.cli.commands.simulate import simulate
from fcv_api.cli.commands.stays import stays
from fcv_api.cli.commands.training import ablation, evaluate, plot, reference, train
from fcv_api.cli.commands.users import users
from fcv_api.cli.commands.validation import drift, outcomes, validate
from fcv_api.cli.errors import SentenceGroup


@click.group(cls=SentenceGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fcv")
def main() -> None:
    """From a bedside monitor's rows to the probabilities of cardiac arrest, low cardiac output and cardiogenic shock.

    Start with `fcv serve`. Settings come from the environment or from a file `.env`; `.env.example` lists all.
    """


for command in (
    *(serve, predict, users, stays, feed, hl7, fhir, model, policy, alerts, ledger, db, doctor, check, metrics, report),
    *(simulate, score, train, evaluate, validate, drift, outcomes, reference, ablation, plot),
):
    main.add_command(command)
