"""What a command tells the security log."""

from __future__ import annotations

import os

import click

from fcv_api import security_log
from fcv_api.settings import Settings


def log_event(settings: Settings, event: str, **details: str | int | None) -> None:
    """Write an event of a command, with the number of the shell's user. What was done stays done if it cannot be."""
    try:
        with security_log.opened(settings.log_dir, settings.timezone):
            security_log.write(event, uid=os.getuid(), **details)
    except OSError as error:
        click.echo(f"{settings.log_dir / security_log.FILE}: {error.strerror}. This is not in it: {event}.", err=True)
