"""What `--json` prints: one object."""

from __future__ import annotations

import click
import orjson

OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
"""SQLite gives times back without their zone: they are in UTC."""


def print_json(**members: object) -> None:
    """Print one object. Times are written in UTC with Z."""
    click.echo(orjson.dumps(members, option=OPTIONS).decode())
