"""Errors that are no fault of the program, and the sentence that each ends a command with."""

from __future__ import annotations

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

NO_TABLE = ("no such table", "no such column", "does not exist")
"""What SQLite and PostgreSQL say of a database that was never migrated."""


def sentence(error: Exception) -> str | None:
    """Return what an expected error says; None for an error of ours."""
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        said = str(getattr(error, "orig", None) or type(error).__name__)
        asked = " Has `fcv db upgrade` been run?" if any(each in said for each in NO_TABLE) else ""
        return f"The database: {said}.{asked}"
    if isinstance(error, UnicodeDecodeError):
        return f"A file is not UTF-8 text: {error.reason} at byte {error.start}."
    if isinstance(error, OSError):
        return f"{error.filename or 'System'}: {error.strerror or error}."
    return None
