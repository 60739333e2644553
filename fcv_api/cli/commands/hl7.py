"""`fcv hl7`: what a gateway's messages give, without a database; and a sender for tests."""

from __future__ import annotations

from typing import Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.options import FILE


@click.group()
def hl7() -> None:
    """Read and send HL7 v2 messages."""


@hl7.command()
@click.argument("file", type=FILE)
@click.argument("address", metavar="HOST:PORT")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds for each.")
@click.option("--ca", type=FILE, help="Speak TLS, and trust this authority.")
@click.option("--cert", type=FILE, help="The gateway's own certificate.")
@click.option("--key", type=FILE, help="Its key.")
def send(**given: Any) -> None:
    """Send the messages in FILE to HOST:PORT and wait for the acknowledgement of each.

    Ends with 1 where one was not AA (or CA), or did not come.
    """
    from fcv_api.cli.hl7_send import send as work

    work(**given)


@hl7.command("read")
@click.argument("file", type=FILE)
@click.option("--zone", metavar="ZONE", help="Of times without an offset, instead of FCV_TIMEZONE.")
@click.option("--sources", type=FILE, help="A file of sources, as FCV_HL7_SOURCES_FILE.")
@click.option("--source", "name", metavar="NAME", help="Which of its sources sent the messages.")
@options.as_json
def read_(**given: Any) -> None:
    """Print the rows that the messages in FILE give, and what is dropped and why. Needs no database.

    It shows what each message alone would give: of a sign and an instant one name, then the lower channel.
    """
    from fcv_api.cli.hl7 import read_ as work

    work(**given)
