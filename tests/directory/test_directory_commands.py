"""`fcv doctor` and `fcv users` where people sign in by the directory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

ldap = pytest.importorskip("ldap")
from conftest import MakeSettings
from migrated import migrate
from service import free_port
from slapd import PEOPLE, Slapd

from fcv_api.accounts import Role
from fcv_api.accounts.directory_users import Identity, admit
from fcv_api.app import database_app
from fcv_api.cli import main
from fcv_api.cli.doctor.directory import check_directory
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place, Wanted
from fcv_api.extensions import db
from fcv_api.settings import Settings

pytest_plugins = ["hospital"]
SettingsOf = Callable[..., Settings]


def found(settings: Settings) -> list[Finding]:
    return list(check_directory(Place(settings, Wanted(settings.log_dir))))


@pytest.mark.parametrize("way", ["StartTLS", "LDAPS"])
def test_a_directory_that_answers_is_told_with_the_days_of_its_certificate(
    settings_of: SettingsOf, slapd: Slapd, way: str
) -> None:
    url = slapd.tls if way == "LDAPS" else slapd.plain
    certificate, answers = found(settings_of(LDAP_URL=url))
    assert (certificate.status, certificate.detail[: len(url)]) == (OK, url)
    assert ": its certificate is good for 5" in certificate.detail
    assert answers == Finding("directory", OK, f"{url} answers, and lets FCV_LDAP_BIND_DN look users up.")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"LDAP_USER_BASE": f"ou=nowhere,{PEOPLE}"}, "FCV_LDAP_USER_BASE or FCV_LDAP_GROUP_BASE is not there"),
        ({"LDAP_GROUP_BASE": f"ou=nowhere,{PEOPLE}"}, "FCV_LDAP_USER_BASE or FCV_LDAP_GROUP_BASE is not there"),
        ({"LDAP_BIND_DN": f"cn=other,{PEOPLE}"}, "it refuses FCV_LDAP_BIND_DN or the password of"),
        ({"LDAP_USER_FILTER": "(uid={name}"}, "FCV_LDAP_USER_FILTER or FCV_LDAP_GROUP_FILTER is no filter"),
        ({"LDAP_ADMIN_GROUPS": "uci"}, "FCV_LDAP_ADMIN_GROUPS: 'uci' is no DN"),
    ],
)
def test_what_is_wrong_with_it_is_told(settings_of: SettingsOf, changed: dict[str, str], words: str) -> None:
    failed = [each for each in found(settings_of(**changed)) if each.status == FAILED]
    assert len(failed) == 1
    assert words in failed[0].detail


def test_a_directory_that_is_away_is_told(settings_of: SettingsOf) -> None:
    (certificate, answers) = found(settings_of(LDAP_URL=f"ldaps://127.0.0.1:{free_port()}"))
    assert {certificate.status, answers.status} == {FAILED}
    assert "cannot be reached: Connection refused." in certificate.detail


def test_plain_text_is_warned_of(settings_of: SettingsOf) -> None:
    plain, answers = found(settings_of(LDAP_STARTTLS="off"))
    assert (plain.status, answers.status) == (WARNING, OK)
    assert "passwords are sent there in plain text" in plain.detail


def test_a_bind_by_each_user_is_told_of(settings_of: SettingsOf, slapd: Slapd) -> None:
    own = {"LDAP_BIND_DN": "", "LDAP_BIND_PASSWORD_FILE": "", "LDAP_USER_BIND": f"uid={{name}},{PEOPLE}"}
    (_, answers) = found(settings_of(**own))
    assert answers.detail == f"{slapd.plain} answers, and each user binds there: nothing more can be tried so."


def test_no_directory_is_told(make_settings: MakeSettings) -> None:
    assert found(make_settings()) == [Finding("directory", OK, "FCV_LDAP_URL is not set: all accounts are local.")]


# Accounts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fcv(make_settings: MakeSettings) -> Callable[..., Result]:
    """Run `fcv users` on a database in which Ana is of the directory."""
    settings = make_settings()
    migrate(settings)
    with database_app(settings).app_context():
        admit(Identity("entry-1", "ana", Role.CLINICIAN))
        db.engine.dispose()
    return lambda *arguments, given="": CliRunner().invoke(main, ["users", *arguments], input=given)


def test_the_list_says_who_is_of_the_directory(fcv: Callable[..., Result]) -> None:
    assert fcv("list").output.rstrip().endswith("ana  (directory)")


def test_whoever_is_of_the_directory_is_disabled_and_enabled_as_others(fcv: Callable[..., Result]) -> None:
    assert fcv("disable", "ana").output == "Disabled ana. Its tokens are dead.\n"
    assert "disabled" in fcv("list").output
    assert fcv("enable", "ana").exit_code == 0


@pytest.mark.parametrize(
    "command", [("passwd", "ana"), ("role", "ana", "admin"), ("token", "ana", "--days", "5"), ("display", "ana")]
)
def test_what_the_directory_decides_is_not_changed_here(fcv: Callable[..., Result], command: tuple[str, ...]) -> None:
    before = fcv("list").output
    refused = fcv(*command)
    assert refused.exit_code == 1
    assert "ana" in refused.output
    assert fcv("list").output == before


def test_a_name_of_the_directory_is_taken(fcv: Callable[..., Result]) -> None:
    assert "This username is taken." in fcv("add", "ana", "--password-file", "-", given="a new password").output
