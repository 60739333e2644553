"""`fcv fhir`: what a Bundle of FHIR R4 gives, without a database."""

from __future__ import annotations

from typing import Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.options import FILE


@click.group()
def fhir() -> None:
    """Read Bundles of FHIR R4."""


@fhir.command("read")
@click.argument("file", type=FILE)
@click.option("--sources", type=FILE, help="A file of sources, as FCV_HL7_SOURCES_FILE.")
@click.option("--source", "name", metavar="NAME", help="Which of its sources sent the Bundle.")
@options.as_json
def read_(**given: Any) -> None:
    """Print the rows that the Bundle in FILE gives, and what is dropped and why. Needs no database.

    It shows what the Bundle alone would give: of a sign and an instant one name, then the lower channel.
    """
    from fcv_api.cli.fhir import read_ as work

    work(**given)
