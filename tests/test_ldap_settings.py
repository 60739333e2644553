"""The settings of a directory: what is half said, or sends passwords in plain text, stops the start by its name."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from fcv_api.accounts import Role
from fcv_api.app import create_app
from fcv_api.directory import open_directory
from fcv_api.settings import Settings, SettingsError
from fcv_api.settings.ldap import LDAP_ROLES

AUTHORITY = """-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUHtuONac2OwYxft4TBnjF52j8AHgwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjgwMDQzMzBaGA8yMTI2MTEwNDAwNDMz
MFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHX3
bZt8K5RCXQqIoRKodePZzOjA0v+FiAOCgsgVjBgNNUusH5PNG8bMBxJP7lrbLU4D
GtEtOEy7Q+pI5Tz9UnmjUzBRMB0GA1UdDgQWBBRGkGcfMaFwCcoFdA4kretncUj3
DzAfBgNVHSMEGDAWgBRGkGcfMaFwCcoFdA4kretncUj3DzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCBoMBGP6b3VenRD5xSvTihe/5j5VYb7Mgt
oeTN06XI8AIhAIcJhwGVZKRhRkRI9OJk4ec1kt4AMOBXmqExf0zz13bt
-----END CERTIFICATE-----
"""
Read = Callable[..., Settings]
PRODUCTION = {"ENV": "production", "JWT_SECRET": "0123456789abcdef" * 4, "TIMEZONE": "America/Bogota"}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Read the settings of a service with a directory, with what a test changes; None takes one away."""
    for name in [name for name in os.environ if name.startswith("FCV_")]:
        monkeypatch.delenv(name)
    (tmp_path / "password").write_text("secret of the tests\n", "utf-8")
    (tmp_path / "empty").write_text("\n", "utf-8")
    (tmp_path / "ca.crt").write_text(AUTHORITY, "utf-8")
    own = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'fcv.db'}",
        "REGISTRATION": "admin",
        "LDAP_URL": "ldaps://dc1.hospital.lan ldap://10.0.0.5:3389",
        "LDAP_CA_FILE": str(tmp_path / "ca.crt"),
        "LDAP_BIND_DN": "cn=fcv,dc=hospital,dc=lan",
        "LDAP_BIND_PASSWORD_FILE": str(tmp_path / "password"),
        "LDAP_USER_BASE": "ou=people,dc=hospital,dc=lan",
        "LDAP_READER_GROUPS": r"cn=uci,ou=groups,dc=hospital,dc=lan;cn=a\;b,dc=lan ; ",
    }

    def from_given(**given: str | None) -> Settings:
        for name, value in (own | given).items():
            if value is not None:
                monkeypatch.setenv(f"FCV_{name}", value.format(folder=tmp_path))
        return Settings.from_environment(dotenv=None)

    return from_given


def test_all_can_be_said(read: Read) -> None:
    settings = read()
    assert settings.ldap_url == ("ldaps://dc1.hospital.lan", "ldap://10.0.0.5:3389")
    assert settings.ldap_groups == [("cn=uci,ou=groups,dc=hospital,dc=lan", "reader"), (r"cn=a\;b,dc=lan", "reader")]
    assert (settings.ldap_bind_password, settings.ldap_starttls) == ("secret of the tests", True)
    assert "secret of the tests" not in repr(settings)
    assert read(**PRODUCTION).production


def test_it_is_off_by_default_and_nothing_of_it_is_loaded(read: Read) -> None:
    settings = read(LDAP_URL=None, REGISTRATION="open")
    assert (settings.ldap_url, open_directory(settings)) == ((), None)


def test_groups_give_each_role_that_a_person_may_have() -> None:
    assert set(LDAP_ROLES) == set(Role) - {Role.DISPLAY}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("FCV_LDAP_URL", {"LDAP_URL": "dc1.hospital.lan"}),
        ("FCV_LDAP_URL", {"LDAP_URL": "ldapi:///var/run/slapd"}),
        ("FCV_LDAP_URL", {"LDAP_URL": "ldap://dc1:0"}),
        ("FCV_LDAP_URL", {"LDAP_URL": "ldap://dc1:99999"}),
        ("FCV_LDAP_URL", {"LDAP_URL": "ldap://dc1/dc=hospital"}),
        ("FCV_LDAP_URL", {"LDAP_URL": " ".join(f"ldap://dc{n}" for n in range(4))}),
        ("FCV_LDAP_STARTTLS", {"LDAP_STARTTLS": "no"}),
        ("FCV_LDAP_CA_FILE must be set", {"LDAP_CA_FILE": None}),
        ("FCV_LDAP_CA_FILE: cannot read", {"LDAP_CA_FILE": "/nowhere/ca.crt"}),
        ("FCV_LDAP_CA_FILE: .*no certificate", {"LDAP_CA_FILE": "{folder}/password"}),
        ("FCV_LDAP_BIND_DN and FCV_LDAP_BIND_PASSWORD_FILE", {"LDAP_BIND_DN": None}),
        ("FCV_LDAP_BIND_DN and FCV_LDAP_BIND_PASSWORD_FILE", {"LDAP_BIND_PASSWORD_FILE": None}),
        ("FCV_LDAP_BIND_PASSWORD_FILE: cannot read", {"LDAP_BIND_PASSWORD_FILE": "/nowhere/password"}),
        ("FCV_LDAP_BIND_PASSWORD_FILE is empty", {"LDAP_BIND_PASSWORD_FILE": "{folder}/empty"}),
        ("either FCV_LDAP_BIND_DN .*FCV_LDAP_USER_BIND", {"LDAP_BIND_DN": None, "LDAP_BIND_PASSWORD_FILE": None}),
        ("either FCV_LDAP_BIND_DN .*FCV_LDAP_USER_BIND", {"LDAP_USER_BIND": "{{name}}@hospital.lan"}),
        ("FCV_LDAP_USER_BIND", {"LDAP_USER_BIND": "uid=ana,dc=hospital"}),
        ("FCV_LDAP_USER_BASE must be set", {"LDAP_USER_BASE": None}),
        ("FCV_LDAP_USER_FILTER", {"LDAP_USER_FILTER": "(uid=ana)"}),
        ("FCV_LDAP_USER_FILTER", {"LDAP_USER_FILTER": ""}),
        ("FCV_LDAP_GROUP_FILTER", {"LDAP_GROUP_FILTER": "(member={{name}})"}),
        ("FCV_LDAP_NAME_ATTRIBUTE", {"LDAP_NAME_ATTRIBUTE": "u=id"}),
        ("FCV_LDAP_ADMIN_GROUPS, .* must be set", {"LDAP_READER_GROUPS": " ; "}),
        ("FCV_REGISTRATION=open", {"REGISTRATION": "open"}),
        ("FCV_LDAP_STARTTLS=off", PRODUCTION | {"LDAP_STARTTLS": "off"}),
    ],
)
def test_what_is_wrong_is_named(read: Read, name: str, changed: dict[str, str | None]) -> None:
    with pytest.raises(SettingsError, match=name):
        read(**changed)


def test_a_missing_python_ldap_is_told_in_a_sentence_with_what_installs_it(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ldap", None)
    monkeypatch.delitem(sys.modules, "fcv_api.directory.asked", raising=False)
    monkeypatch.delitem(sys.modules, "fcv_api.directory.conversation", raising=False)
    monkeypatch.delitem(sys.modules, "fcv_api.directory.entries", raising=False)
    monkeypatch.delitem(sys.modules, "fcv_api.directory.reasons", raising=False)
    with pytest.raises(SettingsError, match=r"^FCV_LDAP_URL is set, and python-ldap is not installed: .*\[ldap\]"):
        create_app(read())


def test_what_tests_of_the_directory_need_is_here() -> None:
    if find_spec("ldap") is None or shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        pytest.skip("needs python-ldap and slapd")
