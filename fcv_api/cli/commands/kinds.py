"""Kinds of commands: what stands around a command's work, and is loaded only when it is called."""

from __future__ import annotations

import sys
from typing import Any

import click


class DatabaseCommand(click.Command):
    """A command whose object is the settings, and which runs within an app that has the database."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from fcv_api.cli.active import with_database

        with with_database() as ctx.obj:
            return super().invoke(ctx)


class DatabaseGroup(click.Group):
    """A group of such commands."""

    command_class = DatabaseCommand


class ExtraCommand(click.Command):
    """A command that needs one of the extras of pyproject.toml: without it, one sentence says how it is installed."""

    def __init__(self, *arguments: Any, extra: str = "train", **attributes: Any) -> None:
        """extra: what installs what it needs."""
        super().__init__(*arguments, **attributes)
        self.extra = extra

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] == "fcv_api":
                raise  # an error of ours
            install = f"{sys.executable} -m pip install -c constraints.txt -e '.[{self.extra}]'"
            raise click.ClickException(f"{missing.name} is not installed. Install it with: {install}") from None


class ExtraDatabaseCommand(ExtraCommand, DatabaseCommand):
    """Both."""
