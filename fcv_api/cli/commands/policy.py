"""`fcv policy`: which policy alerts, without stopping the beds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fcv_api.cli.commands import options
from fcv_api.cli.commands.kinds import DatabaseGroup
from fcv_api.cli.commands.options import FILE

if TYPE_CHECKING:
    from fcv_api.settings import Settings


@click.group(cls=DatabaseGroup)
def policy() -> None:
    """Look at policies, and put one in force: without one nothing alerts."""


@policy.command("list")
@options.as_json
@click.pass_obj
def list_(settings: Settings, /, **given: Any) -> None:
    """List the policies of FCV_MODELS_DIR, and which one is in force since when and by whom."""
    from fcv_api.cli.policy import list_ as work

    work(settings, **given)


@policy.command()
@click.argument("reference", metavar="NAME/VERSION")
@click.pass_obj
def show(settings: Settings, /, **given: Any) -> None:
    """Print a policy's file and its sha256."""
    from fcv_api.cli.policy import show as work

    work(settings, **given)


@policy.command()
@click.argument("reference", metavar="NAME/VERSION")
@click.option(
    "--table",
    type=FILE,
    required=True,
    help="What `fcv alerts simulate --json` wrote of it.",
)
@options.reason
@options.by
@click.pass_obj
def activate(settings: Settings, /, **given: Any) -> None:
    """Put a policy in force, on every worker and host, ten seconds from now.

    Needs the table of its burden. A policy that reads the score needs an attested model too: the active one, whose
    scores alone count from then on.
    """
    from fcv_api.cli.policy import activate as work

    work(settings, **given)


@policy.command()
@options.reason_of_rollback
@options.by
@click.pass_obj
def rollback(settings: Settings, /, **given: Any) -> None:
    """Put back what was in force before: another policy, or none."""
    from fcv_api.cli.policy import rollback as work

    work(settings, **given)


@policy.command()
@options.reason
@options.by
@click.pass_obj
def deactivate(settings: Settings, /, **given: Any) -> None:
    """Put no policy in force: nothing alerts ten seconds from now on."""
    from fcv_api.cli.policy import deactivate as work

    work(settings, **given)


@policy.command()
@options.as_json
def history(**given: Any) -> None:
    """List all activations, the newest first."""
    from fcv_api.cli.policy import history as work

    work(**given)
