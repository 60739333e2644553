"""The settings of signing in by a directory (LDAP, Active Directory): off as long as no URL is set."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import OneOf

from fcv_api.settings.checks import LARGEST_PORT, Secret, SettingsError, content, optional_path
from fcv_api.settings.ward import SWITCH, WardSettings

LDAP_ROLES = ("admin", "clinician", "reader", "client")
"""Those that groups may give, in this order: who is in groups of two has the first one."""
MOST_URLS = 3
"""Directories that are asked one after the other: the time of a sign-in is shared among them."""
URL = re.compile(r"ldaps?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?/?")
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
NAME, DN = "{name}", "{dn}"


@dataclass(frozen=True, slots=True)
class LdapSettings(WardSettings):
    """Where the directory is, how it is asked, and which of its groups may do what."""

    ldap_url: tuple[str, ...]
    ldap_starttls: bool
    ldap_ca_file: Path | None
    ldap_bind_dn: str | None
    ldap_bind_password_file: Path | None
    ldap_user_bind: str | None
    ldap_user_base: str
    ldap_user_filter: str
    ldap_name_attribute: str
    ldap_group_base: str | None
    ldap_group_filter: str
    ldap_admin_groups: tuple[str, ...]
    ldap_clinician_groups: tuple[str, ...]
    ldap_reader_groups: tuple[str, ...]
    ldap_client_groups: tuple[str, ...]

    @property
    def ldap_groups(self) -> list[tuple[str, str]]:
        """Return each group that gives a role, with the role, the first one first."""
        return [(dn, role) for role in LDAP_ROLES for dn in getattr(self, f"ldap_{role}_groups")]

    def encrypts(self, url: str) -> bool:
        """Return whether what is sent to an address of a directory is encrypted."""
        return self.ldap_starttls or url.startswith("ldaps:")

    @property
    def ldap_bind_password(self) -> Secret | None:
        """Return the password of the bind DN; None without one. Raises SettingsError."""
        if self.ldap_bind_password_file is None:
            return None
        return Secret(content("FCV_LDAP_BIND_PASSWORD_FILE", self.ldap_bind_password_file))


def read_ldap(env: Env) -> dict[str, Any]:
    """Read the settings of this group. Raises EnvError."""
    return {
        "ldap_url": tuple(env.str("LDAP_URL", "", validate=check_urls).split()),
        "ldap_starttls": env.str("LDAP_STARTTLS", "on", validate=OneOf(SWITCH)) == "on",
        "ldap_ca_file": optional_path(env, "LDAP_CA_FILE"),
        "ldap_bind_dn": env.str("LDAP_BIND_DN", None) or None,
        "ldap_bind_password_file": optional_path(env, "LDAP_BIND_PASSWORD_FILE"),
        "ldap_user_bind": env.str("LDAP_USER_BIND", "", validate=check_user_bind) or None,
        "ldap_user_base": env.str("LDAP_USER_BASE", ""),
        "ldap_user_filter": env.str("LDAP_USER_FILTER", f"(uid={NAME})", validate=partial(check_holds, NAME)),
        "ldap_name_attribute": env.str("LDAP_NAME_ATTRIBUTE", "uid", validate=check_attribute),
        "ldap_group_base": env.str("LDAP_GROUP_BASE", None) or None,
        "ldap_group_filter": env.str("LDAP_GROUP_FILTER", f"(member={DN})", validate=partial(check_holds, DN)),
        **{f"ldap_{role}_groups": _groups(env, f"LDAP_{role.upper()}_GROUPS") for role in LDAP_ROLES},
    }


def _groups(env: Env, name: str) -> tuple[str, ...]:
    """Read DNs with semicolons between them: within a DN a semicolon has a backslash before it (RFC 4514)."""
    parts = re.split(r"(?<!\\);", env.str(name, ""))
    return tuple(each.strip() for each in parts if each.strip())


def check_ldap(settings: LdapSettings, *, production: bool, registration: str) -> None:
    """Refuse what is half said, and what would send passwords in plain text. Raises SettingsError."""
    if not settings.ldap_url:
        return
    if registration == "open":
        raise SettingsError(
            "FCV_REGISTRATION=open does not go with FCV_LDAP_URL: anyone could take the name of somebody in the "
            "directory. Set FCV_REGISTRATION to admin or closed."
        )
    if not settings.ldap_user_base:
        raise SettingsError("FCV_LDAP_USER_BASE must be set with FCV_LDAP_URL, such as ou=people,dc=hospital,dc=lan.")
    if not settings.ldap_groups:
        names = ", ".join(f"FCV_LDAP_{role.upper()}_GROUPS" for role in LDAP_ROLES)
        raise SettingsError(f"One of {names} must be set with FCV_LDAP_URL: nobody else would come in.")
    _check_binding(settings)
    _check_encryption(settings, production=production)


def _check_binding(settings: LdapSettings) -> None:
    """Refuse to search unless there is exactly one way of knowing who asks the directory."""
    if (settings.ldap_bind_dn is None) != (settings.ldap_bind_password_file is None):
        raise SettingsError("FCV_LDAP_BIND_DN and FCV_LDAP_BIND_PASSWORD_FILE must be set together.")
    if (settings.ldap_bind_dn is None) == (settings.ldap_user_bind is None):
        raise SettingsError(
            "Set either FCV_LDAP_BIND_DN with FCV_LDAP_BIND_PASSWORD_FILE, an account that looks users up, or "
            "FCV_LDAP_USER_BIND, such as {name}@hospital.lan, as which users look themselves up."
        )
    if settings.ldap_bind_password_file and not settings.ldap_bind_password:
        raise SettingsError("FCV_LDAP_BIND_PASSWORD_FILE is empty: a directory takes that for nobody's sign-in.")


def _check_encryption(settings: LdapSettings, *, production: bool) -> None:
    """Refuse passwords in plain text in production, and encryption without an authority to check it by."""
    encrypted = [settings.encrypts(url) for url in settings.ldap_url]
    if production and not all(encrypted):
        raise SettingsError("FCV_LDAP_STARTTLS=off sends passwords in plain text, and production refuses it.")
    if any(encrypted) and settings.ldap_ca_file is None:
        raise SettingsError(
            "FCV_LDAP_CA_FILE must be set: the authority that the directory's certificate is checked by, as PEM."
        )
    if settings.ldap_ca_file:
        _check_authority(settings.ldap_ca_file)


def _check_authority(file: Path) -> None:
    content("FCV_LDAP_CA_FILE", file)
    try:
        ssl.create_default_context(cafile=str(file))
    except ssl.SSLError:
        raise SettingsError(f"FCV_LDAP_CA_FILE: {file} holds no certificate in PEM.") from None


def check_urls(text: str) -> None:
    """Refuse what is no list of directories' addresses. Raises ValidationError."""
    urls = text.split()
    for url in urls:
        found = URL.fullmatch(url)
        if not found or int((found[2] or ":1")[1:]) not in range(1, LARGEST_PORT + 1):
            raise ValidationError(f"{url!r} is no ldaps://HOST[:PORT] or ldap://HOST[:PORT].")
    if len(urls) > MOST_URLS:
        raise ValidationError(f"{len(urls)} addresses are more than the {MOST_URLS} that a sign-in has time for.")


def check_attribute(text: str) -> None:
    """Refuse what is no attribute's name. Raises ValidationError."""
    if not ATTRIBUTE.fullmatch(text):
        raise ValidationError(f"{text!r} is no attribute, such as uid or sAMAccountName.")


def check_holds(mark: str, text: str) -> None:
    """Refuse a text without the mark for what is asked for. Raises ValidationError."""
    if mark not in text:
        raise ValidationError(f"{text!r} must hold {mark}, where what is asked for goes.")


def check_user_bind(text: str) -> None:
    """Refuse a name to bind as that is the same for everybody. Raises ValidationError."""
    if text:
        check_holds(NAME, text)
