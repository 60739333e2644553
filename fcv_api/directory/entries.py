"""What is put into a directory's questions, and what is read from its answers."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import ldap
from ldap.dn import escape_dn_chars, str2dn
from ldap.filter import escape_filter_chars

from fcv_api.directory import Denied, Person
from fcv_api.directory.connection import context_of
from fcv_api.settings import Secret, SettingsError
from fcv_api.settings.ldap import DN, NAME, LdapSettings

Attributes = dict[str, list[bytes]]
IDS = ("entryUUID", "objectGUID")
"""What an entry keeps for ever, by OpenLDAP and others (RFC 4530), and by Active Directory."""
CONTROL, DISABLED = "userAccountControl", 2
"""Active Directory's flags of an account, and the one of an account that was disabled."""
MEMBER_OF = "memberOf"
LOGON_NAME = "sAMAccountName"
_LDAPV3 = ldap.DN_FORMAT_LDAPV3
LONGEST_NAME, LONGEST_PASSWORD = 150, 1024
"""Characters, and bytes. What is longer is nobody's, and is not asked."""
NEVER = frozenset('*()\\/<>"\0')
"""Characters that no account's name has: all of them mean something to a filter, a DN or Windows."""


def may_be_asked(name: str, password: str) -> bool:
    """Return whether anybody may have this name and this password.

    A directory takes an empty password for nobody's sign-in, and says that it went well (RFC 4513, 5.1.2).
    """
    try:
        secret = password.encode()
        name.encode()
    except UnicodeEncodeError:  # half a character
        return False
    is_name = 0 < len(name) <= LONGEST_NAME and not NEVER & set(name) and name.isprintable() and name == name.strip()
    return is_name and 0 < len(secret) <= LONGEST_PASSWORD and b"\0" not in secret


@dataclass(frozen=True, slots=True)
class Plan:
    """How the directory is asked. password: of the bind DN. roles: by group, in the order that they are looked at.

    context: how certificates are checked.
    """

    settings: LdapSettings
    password: Secret
    roles: dict[str, str]
    context: ssl.SSLContext | None

    @classmethod
    def of(cls, settings: LdapSettings) -> Plan:
        """Return what settings say. Raises SettingsError."""
        password = settings.ldap_bind_password or Secret()
        return cls(settings, password, roles_by_group(settings), context_of(settings))


def roles_by_group(settings: LdapSettings) -> dict[str, str]:
    """Return the role of each group, in the order in which they are looked at. Raises SettingsError."""
    found: dict[str, str] = {}
    for dn, role in settings.ldap_groups:
        try:
            found.setdefault(plain(dn), role)
        except ldap.DECODING_ERROR:
            example = "cn=uci,ou=groups,dc=hospital,dc=lan"
            raise SettingsError(f"FCV_LDAP_{role.upper()}_GROUPS: {dn!r} is no DN, such as {example}.") from None
    return found


def user_filter(settings: LdapSettings, name: str) -> str:
    """Return the filter that finds the entry of a name."""
    return settings.ldap_user_filter.replace(NAME, escape_filter_chars(name))


def group_filter(settings: LdapSettings, dn: str) -> str:
    """Return the filter that finds the groups of an entry."""
    return settings.ldap_group_filter.replace(DN, escape_filter_chars(dn))


def bind_name(template: str, name: str) -> str | None:
    """Return what a user binds as: a DN, or a name such as ana@hospital.lan; None where the name cannot be in one."""
    if is_dn(template):
        return template.replace(NAME, escape_dn_chars(name))
    return None if set(name) & set("@:") else template.replace(NAME, name)


def is_dn(template: str) -> bool:
    """Return whether users bind by a DN, and not by a name such as ana@hospital.lan."""
    return "=" in template


def plain(dn: str) -> str:
    """Return a DN in one spelling of those that mean the same. Raises ldap.DECODING_ERROR."""
    parts = ([f"{name}={escape_dn_chars(value)}" for name, value, _ in part] for part in str2dn(dn, _LDAPV3))
    return ",".join("+".join(sorted(part, key=str.casefold)) for part in parts).casefold()


def text_of(entry: Attributes, attribute: str) -> str | None:
    """Return the one value of an attribute; None where there is none, or none that is text."""
    values = _values(entry, attribute)
    try:
        return values[0].decode() if len(values) == 1 else None
    except UnicodeDecodeError:
        return None


def id_of(entry: Attributes) -> str | None:
    """Return what an entry keeps for ever; None where the directory does not say."""
    for attribute in IDS:
        if len(values := _values(entry, attribute)) == 1:
            value = values[0]
            return value.hex() if attribute == "objectGUID" else value.decode("ascii", "backslashreplace").casefold()
    return None


def groups_of(entry: Attributes) -> list[str]:
    """Return the groups that an entry says it is a member of."""
    return [value.decode("utf-8", "replace") for value in _values(entry, MEMBER_OF)]


def is_disabled(entry: Attributes) -> bool:
    """Return whether Active Directory says that the account was disabled."""
    control = text_of(entry, CONTROL) or "0"
    return bool(int(control) & DISABLED) if control.removeprefix("-").isdigit() else True


def person_of(entry: Attributes, name_attribute: str, role: str) -> Person | Denied:
    """Return who an entry is."""
    number, name = id_of(entry), text_of(entry, name_attribute)
    return Person(number, name, role) if number and name else Denied.INCOMPLETE


def _values(entry: Attributes, attribute: str) -> list[bytes]:
    """Return an attribute's values: names of attributes have no case."""
    wanted = attribute.lower()
    return next((values for name, values in entry.items() if name.lower() == wanted), [])
