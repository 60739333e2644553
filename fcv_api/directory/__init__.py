"""Who somebody is by the hospital's directory: LDAP or Active Directory. Where it is off, nothing of it is loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Protocol, cast

from fcv_api.settings import SettingsError
from fcv_api.settings.ldap import LdapSettings

INSTALL = f"{sys.executable} -m pip install -c constraints.txt -e '.[ldap]'"


@dataclass(frozen=True, slots=True)
class Person:
    """An entry of the directory. id: what it keeps for ever. name: as the directory spells it. role: by its groups."""

    id: str
    name: str
    role: str


class Denied(StrEnum):
    """Why the directory lets somebody not in: for the security log, never for an answer."""

    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a reason
    UNKNOWN = "unknown-name"
    SEVERAL = "several-entries"
    NO_ROLE = "no-role"
    DISABLED = "disabled"
    INCOMPLETE = "incomplete-entry"
    OTHER_ENTRY = "other-entry"


class DirectoryUnavailable(Exception):
    """The directory cannot be asked now. Nothing is known of the password. seconds: when to try again."""

    code = "directory-unavailable"

    def __init__(self, seconds: int) -> None:
        super().__init__("The directory does not answer. Local accounts sign in as usual.")
        self.seconds = seconds


class DirectoryBusy(Exception):
    """So many wait for the directory that one more would wait too long."""

    code = "sign-ins-busy"

    def __init__(self) -> None:
        super().__init__("Too many sign-ins wait already.")


class Directory(Protocol):
    """The hospital's directory. Raises DirectoryUnavailable."""

    def in_turn(self) -> AbstractContextManager[float]:
        """Wait for a turn, and have it in a block. Yield when it ends. Raises DirectoryBusy too."""

    def sign_in(self, name: str, password: str, until: float) -> Person | Denied:
        """Return who signs in with these, or why nobody does. until: when the turn ends."""

    def look_up(self, name: str, until: float) -> Person | Denied | None:
        """Return who has a name now, without a password; None where nobody may look others up."""

    def troubles(self, seconds: float) -> dict[str, str | None]:
        """Return why each address cannot be asked, in a sentence; None for one that can."""


def open_directory(settings: LdapSettings) -> Directory | None:
    """Return the directory that settings name; None where they name none. Raises SettingsError."""
    if not settings.ldap_url:
        return None
    try:
        module = import_module("fcv_api.directory.asked")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "fcv_api":
            raise  # an error of ours
        raise SettingsError(f"FCV_LDAP_URL is set, and python-ldap is not installed: {INSTALL}") from None
    return cast("Callable[[LdapSettings], Directory]", module.AskedDirectory)(settings)
