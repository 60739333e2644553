"""What the user of the command did wrong is a sentence; only an error of ours is a traceback."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from fcv_api.accounts import AccountError
from fcv_api.domain.errors import Unscorable, UnusableExport
from fcv_api.domain.evidence import UnusableReport
from fcv_api.domain.policy import UnusablePolicy
from fcv_api.lstm.keras_names import KerasFileError
from fcv_api.settings import SettingsError
from fcv_api.training.dataset import UnusableData
from fcv_api.wire.ward_file import WrongWards

EXPECTED = (
    AccountError,
    CommandError,
    Unscorable,
    KerasFileError,
    SettingsError,
    UnusableData,
    UnusableExport,
    UnusableReport,
    UnusablePolicy,
    WrongWards,
)


class SentenceGroup(click.Group):
    """A group whose commands end expected errors with one sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run a command."""
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            raise click.ClickException(str(error)) from None
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__)
            raise click.ClickException(f"The database: {reason}. Has `fcv db upgrade` been run?") from None
        except UnicodeDecodeError as error:
            raise click.ClickException(f"A file is not UTF-8 text: {error.reason} at byte {error.start}.") from None
        except BrokenPipeError:  # as `| head` makes: who read has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'System'}: {error.strerror or error}.") from None
