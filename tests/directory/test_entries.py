"""What goes into a directory's questions, and what its answers say: also of Active Directory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

ldap = pytest.importorskip("ldap")
from slapd import PEOPLE, dn_of

from fcv_api.directory import Denied, Person
from fcv_api.directory.conversation import is_own
from fcv_api.directory.entries import (
    bind_name,
    group_filter,
    id_of,
    is_disabled,
    may_be_asked,
    person_of,
    plain,
    roles_by_group,
    user_filter,
)
from fcv_api.settings import Settings, SettingsError

pytest_plugins = ["hospital"]
SettingsOf = Callable[..., Settings]


@pytest.mark.parametrize(
    "name", ["ana", "ana.ruiz", "ana@hospital.lan", "josé", "ana-2", "ana, ruiz", "o'hara", "анна"]
)
def test_names_that_people_have_are_asked_for(name: str) -> None:
    assert may_be_asked(name, "x")


def test_whatever_is_asked_for_stays_one_value(settings_of: SettingsOf) -> None:
    settings = settings_of(LDAP_GROUP_FILTER="(&(objectClass=groupOfNames)(member={dn}))")
    assert user_filter(settings, "*)(a=\0") == "(|(uid=\\2a\\29\\28a=\\00)(mail=\\2a\\29\\28a=\\00))"
    assert group_filter(settings, "cn=a (b)*") == "(&(objectClass=groupOfNames)(member=cn=a \\28b\\29\\2a))"
    assert bind_name(f"uid={{name}},{PEOPLE}", "ana,ou=x+y") == f"uid=ana\\,ou\\=x\\+y,{PEOPLE}"


def test_a_name_with_a_domain_of_its_own_binds_in_no_other() -> None:
    assert [bind_name("{name}@hospital.lan", name) for name in ("ana", "ana@evil.lan")] == ["ana@hospital.lan", None]


def test_a_dn_is_the_same_in_all_its_spellings() -> None:
    spellings = ("CN=Uci,OU=Groups,DC=lan", "cn=uci, ou=groups, dc=lan", "cn=\\55ci,ou=groups,dc=lan")
    assert {plain(each) for each in spellings} == {"cn=uci,ou=groups,dc=lan"}
    assert plain("cn=a+uid=b,dc=lan") == plain("uid=b+cn=a,dc=lan")
    assert plain("cn=a\\,dc=lan") != plain("cn=a,dc=lan")


def test_a_group_that_is_no_dn_is_named_at_the_start(settings_of: SettingsOf) -> None:
    with pytest.raises(SettingsError, match=r"FCV_LDAP_ADMIN_GROUPS: 'uci' is no DN"):
        roles_by_group(settings_of(LDAP_ADMIN_GROUPS="uci"))


def test_a_group_of_two_roles_has_the_first(settings_of: SettingsOf) -> None:
    both = "cn=uci,dc=lan"
    assert roles_by_group(settings_of(LDAP_CLIENT_GROUPS=both, LDAP_CLINICIAN_GROUPS=both.upper()))[both] == "clinician"


def test_active_directory_s_words_are_understood() -> None:
    guid = bytes(range(16))
    entry = {"objectGUID": [guid], "sAMAccountName": [b"ana"], "userAccountControl": [b"66048"]}
    assert person_of(entry, "samaccountname", "reader") == Person(guid.hex(), "ana", "reader")
    assert [is_disabled({"userAccountControl": [each]}) for each in (b"512", b"514", b"66050", b"x")] == [
        *(False, True, True, True)
    ]
    assert not is_disabled({})


def test_an_entry_that_does_not_say_who_it_is_lets_nobody_in() -> None:
    for entry in ({}, {"uid": [b"ana"]}, {"entryUUID": [b"1"]}, {"entryUUID": [b"1"], "uid": [b"ana", b"eva"]}):
        assert person_of(entry, "uid", "reader") == Denied.INCOMPLETE
    assert person_of({"entryUUID": [b"1"], "uid": [b"\xff"]}, "uid", "reader") == Denied.INCOMPLETE
    assert id_of({"entryUUID": [b"ABC"]}) == "abc"


@pytest.mark.parametrize(
    ("whoami", "own"),
    [
        (f"dn:{dn_of('ana').upper()}", True),
        (f"dn:{dn_of('eva')}", False),
        ("u:HOSPITAL\\Ana", True),
        ("u:HOSPITAL\\eva", False),
        ("u:", False),
        ("", False),
    ],
)
def test_an_entry_is_a_user_s_own_where_the_directory_says_so(whoami: str, *, own: bool) -> None:
    assert is_own((dn_of("ana"), {"sAMAccountName": [b"ana"]}), whoami) is own


def test_a_user_without_a_logon_name_is_not_who_has_none() -> None:
    assert not is_own((dn_of("ana"), {}), "u:")
