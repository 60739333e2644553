"""Signing in by the directory over HTTP: with local accounts first, and none of them taken over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

ldap = pytest.importorskip("ldap")
from accounts_over_http import PASSWORD, problem, sign_in
from browser import A_CLICK, Browser
from conftest import BOTH_DATABASES
from flask.testing import FlaskClient
from flask_jwt_extended import decode_token
from service import free_port
from slapd import PASSWORDS, Slapd, dn_of, group
from werkzeug.test import TestResponse

from fcv_api import accounts, security_log
from fcv_api.accounts import Account, Role
from fcv_api.accounts.directory_users import Identity, NotAdmitted, admit
from fcv_api.accounts.issued_tokens import token_for
from fcv_api.directory import DirectoryBusy, asked
from fcv_api.web import by_directory

pytest_plugins = ["hospital"]
pytestmark = pytest.mark.usefixtures("time_enough")
MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def http(hospital: MakeClient) -> FlaskClient:
    """Give a client of a service that signs in by the directory."""
    return hospital()


@pytest.fixture
def away(hospital: MakeClient, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Give a client of a service whose directory is away, for longer than any test takes."""
    monkeypatch.setattr(asked, "PAUSE", 3600.0)
    return hospital(LDAP_URL=f"ldap://127.0.0.1:{free_port()}")


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Callable[[], list[tuple[str, str | None]]]]:
    """Open the security log, and give each event with its reason."""
    with security_log.opened(tmp_path / "logs", ZoneInfo("UTC")):
        yield lambda: [
            (line["event"], line.get("reason"))
            for line in map(json.loads, (tmp_path / "logs" / "security.log").read_text("utf-8").splitlines())
        ]


Told = Callable[[], list[tuple[str, str | None]]]


def enter(http: FlaskClient, name: str, password: str | None = None) -> TestResponse:
    return sign_in(http, name, PASSWORDS[name] if password is None else password)


def whose(http: FlaskClient, entered: TestResponse) -> dict[str, object]:
    token = entered.get_json()["access_token"]
    found: dict[str, object] = http.get("/", headers={"Authorization": f"Bearer {token}"}).get_json()["User"]
    return found


def by_name(name: str) -> Account:
    (account,) = [each for each in accounts.list_users() if each.username == name]
    return account


def test_the_first_sign_in_makes_an_account_with_the_role_and_without_a_password(http: FlaskClient, told: Told) -> None:
    first, again = (whose(http, enter(http, "ana")) for _ in range(2))
    made = by_name("ana")
    assert first == again == {"username": "ana", "id": made.id}
    assert (made.role, made.of_directory, accounts.claim("ana").hashed) == (Role.CLINICIAN, True, "-")
    assert told() == [("account-made", "directory"), ("sign-in", None), ("sign-in", None)]


def test_all_spellings_of_a_name_are_one_account(http: FlaskClient) -> None:
    names = ("ana", "ANA", "Ana", "ana@hospital.lan", "\uff41na")
    assert len({str(whose(http, enter(http, name, PASSWORDS["ana"]))) for name in names}) == 1
    assert [each.username for each in accounts.list_users()] == ["ana"]


@pytest.mark.parametrize(
    "given",
    [
        ("ana", "wrong", "wrong-password"),
        ("ana", "", "unknown-name"),
        ("nobody", "x", "unknown-name"),
        ("an*", PASSWORDS["ana"], "unknown-name"),
        ("ana\0", PASSWORDS["ana"], "unknown-name"),
        ("carla", PASSWORDS["carla"], "no-role"),
        ("dora", PASSWORDS["dora"], "disabled"),
        ("gema", PASSWORDS["gema1"], "several-entries"),
    ],
)
def test_whoever_has_no_way_in_is_told_the_same_and_the_log_why(
    http: FlaskClient, told: Told, tmp_path: Path, given: tuple[str, str, str]
) -> None:
    name, password, reason = given
    body = problem(enter(http, name, password), 401, "wrong-credentials")
    assert body["detail"] == "Could not validate user."
    assert told() == [("sign-in-refused", reason)]
    assert accounts.list_users() == []
    log = (tmp_path / "logs" / "security.log").read_text("utf-8")
    assert not any(each in log for each in ("gema", "carla", "dora", *PASSWORDS.values()))


def test_wrong_passwords_are_counted_as_those_of_local_accounts_in_any_spelling(http: FlaskClient) -> None:
    for number in range(10):
        assert enter(http, "anA" if number % 2 else "ana", f"wrong {number}").status_code == 401
    refused = enter(http, "ana")
    problem(refused, 429, "too-many-attempts")
    assert refused.headers["Retry-After"] == "30"


def test_a_wrong_password_is_asked_again_after_a_minute_and_no_sooner(
    http: FlaskClient, slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [60_000.0]
    monkeypatch.setattr(by_directory, "time", lambda: now[0])
    assert enter(http, "beto", "a new password").status_code == 401
    with slapd.changing() as directory:
        directory.passwd_s(dn_of("beto"), None, "a new password")
    now[0] += 59
    assert enter(http, "beto", "a new password").status_code == 401
    now[0] += 1
    assert enter(http, "beto", "a new password").status_code == 200
    with slapd.changing() as directory:
        directory.passwd_s(dn_of("beto"), None, PASSWORDS["beto"])


def test_the_role_is_that_of_the_groups_at_each_sign_in(http: FlaskClient, slapd: Slapd, told: Told) -> None:
    with slapd.member("carla", "readers"):
        headers = {"Authorization": f"Bearer {enter(http, 'carla').get_json()['access_token']}"}
        assert http.get("/beds", headers=headers).status_code == 200  # as a reader may
    with slapd.member("carla", "clinicians"):
        assert enter(http, "carla").status_code == 200
        assert http.get("/beds", headers=headers).status_code == 403
    assert enter(http, "carla").status_code == 401
    assert [event for event, _ in told()].count("role-changed") == 1


# Local accounts come first ------------------------------------------------------------------------------------------


@pytest.fixture
def lola(http: FlaskClient) -> FlaskClient:
    """Give a client where Lola has a local account. The directory knows another Lola."""
    accounts.create_user("lola", PASSWORD, role=Role.CLIENT, min_length=8)
    return http


def test_a_local_name_never_goes_to_the_directory(lola: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[str] = []
    monkeypatch.setattr(asked.AskedDirectory, "sign_in", lambda _self, name, *_: asked_for.append(name))
    for name in ("lola", "LOLA", "Lola", "\uff4cola"):
        for password in ("wrong", PASSWORDS["lola"]):
            assert enter(lola, name, password).status_code == 401
    assert enter(lola, "lola", PASSWORD).status_code == 200
    assert asked_for == []


def test_somebody_in_the_directory_takes_over_no_local_account_by_another_name(lola: FlaskClient, told: Told) -> None:
    assert enter(lola, "lola@hospital.lan", PASSWORDS["lola"]).status_code == 401
    assert told() == [("sign-in-refused", "local-name")]
    assert not by_name("lola").of_directory


def test_a_disabled_local_account_is_not_let_in_by_the_directory(lola: FlaskClient) -> None:
    accounts.set_active("lola", active=False)
    assert enter(lola, "lola").status_code == 401


def test_local_accounts_sign_in_while_the_directory_is_away(
    away: FlaskClient, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    accounts.create_user("guard", PASSWORD, role=Role.ADMIN, min_length=8)
    for _ in range(5):
        refused = enter(away, "ana")
        body = problem(refused, 503, "directory-unavailable")
        assert body["detail"] == "The directory does not answer. Local accounts sign in as usual."
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
        assert enter(away, "guard", PASSWORD).status_code == 200
    assert set(told()) == {("sign-in-refused", "directory-unavailable"), ("sign-in", None)}
    assert len([each for each in caplog.records if each.name == "fcv_api"]) == asked.FAILURES


def test_where_too_many_wait_for_the_directory_one_more_is_told_so(
    http: FlaskClient, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    def full(_self: asked.AskedDirectory) -> None:
        raise DirectoryBusy

    monkeypatch.setattr(asked.AskedDirectory, "in_turn", full)
    problem(enter(http, "ana"), 503, "sign-ins-busy")
    assert told() == [("sign-in-refused", "sign-ins-busy")]


def test_whoever_was_disabled_here_is_shut_out_at_once_and_stays_so(http: FlaskClient, told: Told) -> None:
    headers = {"Authorization": f"Bearer {enter(http, 'ana').get_json()['access_token']}"}
    accounts.set_active("ana", active=False)
    assert http.get("/", headers=headers).status_code == 401
    assert {enter(http, name, PASSWORDS["ana"]).status_code for name in ("ana", "ANA")} == {401}
    assert ("sign-in-refused", "disabled") in told()
    accounts.set_active("ana", active=True)
    assert enter(http, "ana").status_code == 200


def test_a_directory_account_has_no_way_in_where_the_directory_is_off(hospital: MakeClient) -> None:
    enter(hospital(), "ana")
    local = hospital(LDAP_URL="")
    assert {enter(local, "ana", password).status_code for password in (PASSWORDS["ana"], "", "-")} == {401}


# The ward's pages ---------------------------------------------------------------------------------------------------


@pytest.fixture
def page(http: FlaskClient) -> Browser:
    """Give the browser of Ana, who signed in at the ward's form."""
    browser = Browser(http)
    assert browser.sign_in(username="ana", password=PASSWORDS["ana"]).status_code == 303
    return browser


def half_over(page: Browser) -> str:
    """Give the page a session past half of its life."""
    claims = decode_token(page.cookie() or "")
    old = token_for(by_name("ana"), timedelta(seconds=500), {"since": claims["since"], "csrf": claims["csrf"]})
    page.client.set_cookie("fcv_session", old)
    return old


def test_the_ward_s_form_takes_a_directory_s_password(page: Browser) -> None:
    assert "Signed in as ana" in page.get("/ward").text


def test_the_form_says_that_the_directory_does_not_answer(away: FlaskClient) -> None:
    refused = Browser(away).sign_in(username="ana", password=PASSWORDS["ana"])
    assert refused.status_code == 503
    assert "The directory does not answer" in refused.text


def test_a_session_is_renewed_while_the_directory_lets_its_person_in(page: Browser) -> None:
    old = half_over(page)
    page.get("/ward", **A_CLICK)
    assert page.cookie() not in (None, old)


def test_a_session_ends_with_its_token_for_who_was_put_out_of_the_groups(
    page: Browser, slapd: Slapd, told: Told
) -> None:
    old = half_over(page)
    with slapd.member("carla", "clinicians"), slapd.changing() as directory:  # a group is never without a member
        directory.modify_s(group("clinicians"), [(ldap.MOD_DELETE, "member", [dn_of("ana").encode()])])
        try:
            page.get("/ward", **A_CLICK)
        finally:
            directory.modify_s(group("clinicians"), [(ldap.MOD_ADD, "member", [dn_of("ana").encode()])])
    assert page.cookie() == old
    assert ("session-not-renewed", "no-role") in told()


# Names that change --------------------------------------------------------------------------------------------------


@BOTH_DATABASES
@pytest.mark.usefixtures("empty_database")
def test_a_renamed_entry_keeps_its_account_and_another_one_of_its_name_gets_its_own() -> None:
    first = admit(Identity("entry-1", "Ana", Role.READER))
    again = admit(Identity("entry-1", "ana", Role.READER))
    renamed = admit(Identity("entry-1", "ana.ruiz", Role.READER))
    another = admit(Identity("entry-2", "ana", Role.CLIENT))
    taken = admit(Identity("entry-3", "ANA", Role.CLIENT))
    assert (first.event, again.event, renamed.event) == ("account-made", None, "account-renamed")
    assert first.account.id == renamed.account.id != another.account.id != taken.account.id
    assert renamed.account.token_generation == first.account.token_generation + 1
    names = {each.id: each.username for each in accounts.list_users()}
    assert names == {
        first.account.id: "ana.ruiz",
        another.account.id: f"ana-{another.account.id}",
        taken.account.id: "ana",
    }


@pytest.mark.usefixtures("empty_database")
def test_nobody_is_admitted_by_a_name_that_is_another_s_or_none() -> None:
    accounts.create_user("Lola", PASSWORD, role=Role.CLIENT, min_length=8)
    admit(Identity("entry-1", "ana", Role.READER))
    accounts.set_active("ana", active=False)
    for name, reason in (
        ("lola", "local-name"),
        ("ANA", "disabled"),
        ("feed", "unusable-name"),
        ("a\nb", "unusable-name"),
    ):
        with pytest.raises(NotAdmitted) as refused:
            admit(Identity("entry-2", name, Role.READER))
        assert refused.value.reason == reason, name
