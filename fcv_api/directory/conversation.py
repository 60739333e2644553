"""One conversation with one directory: over TLS, checked, and with an end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import ldap
from ldap.ldapobject import SimpleLDAPObject

from fcv_api.directory import Denied, Person
from fcv_api.directory.connection import SHORTEST, carried, connect
from fcv_api.directory.entries import (
    CONTROL,
    IDS,
    LOGON_NAME,
    MEMBER_OF,
    Attributes,
    Plan,
    bind_name,
    group_filter,
    groups_of,
    is_disabled,
    is_dn,
    person_of,
    plain,
    user_filter,
)

NOWHERE = "ldapi://%2Fnonexistent%2Fdirectory"
"""What libldap would connect to by itself, and without TLS, where its connection ends: nothing."""
OPTIONS = ((ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3), (ldap.OPT_REFERRALS, 0))
"""They are said, so that no ldap.conf says otherwise."""
NOT_YOU = (
    *(ldap.INVALID_CREDENTIALS, ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM, ldap.CONSTRAINT_VIOLATION),
    *(ldap.INVALID_DN_SYNTAX, ldap.NO_SUCH_OBJECT, ldap.INSUFFICIENT_ACCESS),
)
"""What directories answer to a wrong password, and to a right one of an account that is locked or must not sign in."""
Found = tuple[str, Attributes]


class Conversation:
    """Questions over one connection. Raises ldap.LDAPError where the directory does not answer them."""

    def __init__(self, plan: Plan, connection: SimpleLDAPObject, until: float) -> None:
        """until: when it must have ended, by the monotonic clock."""
        self._plan, self._settings = plan, plan.settings
        self._connection, self._until = connection, until

    def sign_in(self, name: str, password: str) -> Person | Denied:
        """Return who signs in with these."""
        found = (
            self._proven(name, password) if self._settings.ldap_user_bind else self._found_and_proven(name, password)
        )
        return found if isinstance(found, Denied) else self._person(found)

    def look_up(self, name: str) -> Person | Denied:
        """Return who has a name now."""
        self._introduce()
        found = self._find(name)
        return found if isinstance(found, Denied) else self._person(found)

    def try_out(self) -> None:
        """Do what a sign-in does before there is a password, as far as there is an account that looks users up."""
        if self._settings.ldap_user_bind:
            self._whoami()
            return
        self._introduce()
        self._find("fcv-doctor")
        self._groups(self._settings.ldap_bind_dn or "", {})

    def _introduce(self) -> None:
        """Bind as the account that looks users up."""
        self._bind(self._settings.ldap_bind_dn or "", str.__str__(self._plan.password))

    def _found_and_proven(self, name: str, password: str) -> Found | Denied:
        """Look the entry up, and bind as it. A name of nobody's takes as long: somebody who is not there binds."""
        self._introduce()
        found = self._find(name)
        dn = f"cn=nobody,{self._settings.ldap_user_base}" if isinstance(found, Denied) else found[0]
        is_right = self._binds(dn, password)
        if isinstance(found, Denied):
            return found
        if not is_right:
            return Denied.WRONG_PASSWORD
        self._introduce()
        return found

    def _proven(self, name: str, password: str) -> Found | Denied:
        """Bind as the user, and let the user look up the own entry."""
        user = bind_name(self._settings.ldap_user_bind or "", name)
        if user is None:
            return Denied.UNKNOWN
        if not self._binds(user, password):
            return Denied.WRONG_PASSWORD
        found = self._find(name, user if is_dn(user) else None)
        if isinstance(found, Denied) or is_own(found, self._whoami()):
            return found
        return Denied.OTHER_ENTRY

    def _binds(self, dn: str, password: str) -> bool:
        try:
            self._bind(dn, password)
        except NOT_YOU:
            return False
        return True

    def _bind(self, dn: str, password: str) -> None:
        if not dn or not password:
            raise ldap.INVALID_CREDENTIALS({"desc": "Nobody would be bound"})
        self._in_time().simple_bind_s(dn, password)

    def _find(self, name: str, dn: str | None = None) -> Found | Denied:
        """Return the one entry of a name. dn: the only one that it may be."""
        wanted = [self._settings.ldap_name_attribute, MEMBER_OF, CONTROL, LOGON_NAME, *IDS]
        within = (dn, ldap.SCOPE_BASE) if dn else (self._settings.ldap_user_base, ldap.SCOPE_SUBTREE)
        try:
            found = self._search(within, user_filter(self._settings, name), wanted)
        except ldap.SIZELIMIT_EXCEEDED:
            return Denied.SEVERAL
        return found[0] if len(found) == 1 else Denied.SEVERAL if found else Denied.UNKNOWN

    def _person(self, found: Found) -> Person | Denied:
        dn, entry = found
        if is_disabled(entry):
            return Denied.DISABLED
        mine = {plain(group) for group in self._groups(dn, entry)}
        role = next((role for group, role in self._plan.roles.items() if group in mine), None)
        return person_of(entry, self._settings.ldap_name_attribute, role) if role else Denied.NO_ROLE

    def _groups(self, dn: str, entry: Attributes) -> list[str]:
        base = self._settings.ldap_group_base
        if base is None:
            return groups_of(entry)
        found = self._search((base, ldap.SCOPE_SUBTREE), group_filter(self._settings, dn), ["1.1"], most=0)
        return [group for group, _ in found]

    def _search(self, within: tuple[str, int], wanted: str, attributes: list[str], most: int = 2) -> list[Found]:
        """Return entries, without what points to other directories: those are never asked. most: 0 for all."""
        left = max(self._until - monotonic(), SHORTEST)
        found = self._in_time().search_ext_s(*within, wanted, attributes, timeout=left, sizelimit=most)
        return [(dn, entry) for dn, entry in found if dn is not None]

    def _whoami(self) -> str:
        return str(self._in_time().whoami_s())

    def _in_time(self) -> SimpleLDAPObject:
        """Return the connection, with the time that is left for its next step."""
        left = max(self._until - monotonic(), SHORTEST)
        self._connection.timeout = left
        self._connection.set_option(ldap.OPT_TIMEOUT, left)
        return self._connection


def is_own(found: Found, whoami: str) -> bool:
    """Return whether an entry is of whom the directory says to be speaking with (RFC 4532)."""
    kind, _, who = whoami.partition(":")
    if kind == "dn":
        return plain(who) == plain(found[0])
    names = [value.decode("utf-8", "replace").casefold() for value in found[1].get(LOGON_NAME, [])]
    return kind == "u" and [who.rpartition("\\")[2].casefold()] == names


@contextmanager
def conversation(plan: Plan, url: str, until: float) -> Iterator[Conversation]:
    """Connect for a block. Raises NoConnection, and ldap.LDAPError. until: when it ends, by the monotonic clock."""
    outer = connect(url, plan.context if plan.settings.encrypts(url) else None, until)
    connection = ldap.initialize(NOWHERE, fileno=carried(outer, until))
    try:
        for option, value in OPTIONS:
            connection.set_option(option, value)
        yield Conversation(plan, connection, until)
    finally:
        with suppress(ldap.LDAPError):
            connection.unbind_ext_s()
