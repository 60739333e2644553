"""What the user of the command did wrong is a sentence; only an error of ours is a traceback."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from click.exceptions import Exit


class SentenceGroup(click.Group):
    """A group whose commands end expected errors with one sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, Exit):
            raise
        except BrokenPipeError:  # as `| head` makes: who read has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except Exception as error:
            from fcv_api.cli.expected import sentence

            if (words := sentence(error)) is None:
                raise
            raise click.ClickException(words) from None
