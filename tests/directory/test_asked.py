"""The directory, asked: a real slapd, over TLS that is checked, and in time."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import pytest

ldap = pytest.importorskip("ldap")
from service import free_port
from slapd import GROUPS, PASSWORDS, PEOPLE, Slapd, certificate, dn_of

from fcv_api.directory import Denied, DirectoryBusy, DirectoryUnavailable, Person, asked
from fcv_api.directory.asked import AskedDirectory
from fcv_api.directory.conversation import conversation
from fcv_api.extensions import breaker
from fcv_api.settings import Settings

pytest_plugins = ["hospital"]
pytestmark = pytest.mark.usefixtures("time_enough")
SettingsOf = Callable[..., Settings]
SECONDS = asked.SECONDS


def sign_in(directory: AskedDirectory, name: str, password: str | None = None) -> Person | Denied:
    with directory.in_turn() as until:
        return directory.sign_in(name, PASSWORDS[name] if password is None else password, until)


@pytest.fixture
def directory(settings_of: SettingsOf) -> AskedDirectory:
    """Give the directory by StartTLS and an account that looks users up."""
    return AskedDirectory(settings_of())


def role(found: Person | Denied) -> str:
    return found.role if isinstance(found, Person) else found


@pytest.mark.parametrize(
    "way", ["StartTLS", "LDAPS", "a DN of the user's own", "groups that are searched", "Active Directory's words"]
)
def test_the_right_password_lets_in_with_the_role_of_the_groups(
    settings_of: SettingsOf, slapd: Slapd, way: str
) -> None:
    given = {
        "StartTLS": {},
        "LDAPS": {"LDAP_URL": slapd.tls},
        "a DN of the user's own": {
            "LDAP_BIND_DN": "",
            "LDAP_BIND_PASSWORD_FILE": "",
            "LDAP_USER_BIND": f"uid={{name}},{PEOPLE}",
        },
        "groups that are searched": {"LDAP_GROUP_BASE": GROUPS},
        "Active Directory's words": {
            "LDAP_USER_FILTER": "(&(objectClass=windowsUser)(sAMAccountName={name}))",
            "LDAP_NAME_ATTRIBUTE": "sAMAccountName",
        },
    }[way]
    directory = AskedDirectory(settings_of(**given))
    found = {name: role(sign_in(directory, name)) for name in ("ana", "beto", "root-of-all", "josé")}
    assert found == {"ana": "clinician", "beto": "reader", "root-of-all": "admin", "josé": "clinician"}
    refused = {name: sign_in(directory, name, f"not {PASSWORDS[name]}") for name in ("ana", "beto")}
    assert set(refused.values()) == {Denied.WRONG_PASSWORD}


def test_a_person_is_named_as_the_directory_does_and_by_what_is_kept_for_ever(directory: AskedDirectory) -> None:
    found = {sign_in(directory, name, PASSWORDS["ana"]) for name in ("ana", "ANA", "ana@hospital.lan")}
    (person,) = found
    assert isinstance(person, Person)
    assert (person.name, len(person.id)) == ("ana", 36)


NOBODY = {
    "a star": ("*", "la clave de ana"),
    "a name that is begun": ("an*", "la clave de ana"),
    "a filter": ("ana)(uid=*", "la clave de ana"),
    "another filter": ("*)(|(uid=*", "x"),
    "a bracket": ("(", "x"),
    "the other bracket": (")", "x"),
    "a backslash": ("\\", "x"),
    "an escape": ("\\61na", "la clave de ana"),
    "a DN": (dn_of("ana"), "la clave de ana"),
    "a part of a DN": ("ana,ou=people", "la clave de ana"),
    "NUL": ("ana\0", "la clave de ana"),
    "a line": ("ana\nadmin", "la clave de ana"),
    "half a character": ("\ud800", "x"),
    "a space": (" ana", "la clave de ana"),
    "Windows' way": ("HOSPITAL\\ana", "la clave de ana"),
    "a very long name": ("a" * 100_000, "x"),
    "another alphabet": ("анна", "x"),
    "an emoji": ("\U0001f3e5", "x"),
    "no name": ("", "x"),
    "nobody's name": ("nobody", "x"),
    "no password": ("ana", ""),
    "NUL as password": ("ana", "\0"),
    "NUL in the password": ("ana", "la clave de ana\0"),
    "half a character as password": ("ana", "\udcff"),
    "a password that is very long": ("ana", "a" * 100_000),
    "a password of another": ("ana", "contraseña de beto"),
    "the password in another case": ("ana", "LA CLAVE DE ANA"),
    "the account that looks users up": ("fcv", "looks users up"),
}


@pytest.mark.parametrize(
    "way", ["an account that looks users up", "a DN of the user's own", "a name of the user's own"]
)
def test_a_name_or_password_of_nobody_s_is_no_way_in(
    settings_of: SettingsOf, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    template = {"a DN of the user's own": f"uid={{name}},{PEOPLE}", "a name of the user's own": "{name}@hospital.lan"}
    own = {"LDAP_BIND_DN": "", "LDAP_BIND_PASSWORD_FILE": "", "LDAP_USER_BIND": template.get(way, "")}
    directory = AskedDirectory(settings_of(**(own if way in template else {})))
    for what, (name, password) in NOBODY.items():
        assert sign_in(directory, name, password) in (Denied.UNKNOWN, Denied.WRONG_PASSWORD), what
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [("carla", Denied.NO_ROLE), ("dora", Denied.DISABLED), ("gema1", None), ("gema", Denied.SEVERAL)],
)
def test_who_is_let_in_nowhere_is_not_here(directory: AskedDirectory, name: str, reason: Denied | None) -> None:
    found = sign_in(directory, name, PASSWORDS.get(name, "one of two"))
    assert (found if isinstance(found, Denied) else None) == reason


def test_somebody_moved_between_groups_has_the_new_role_at_the_next_sign_in(
    directory: AskedDirectory, slapd: Slapd
) -> None:
    with slapd.member("carla", "readers"):
        assert role(sign_in(directory, "carla")) == "reader"
        with slapd.member("carla", "admins"):
            assert role(sign_in(directory, "carla")) == "admin"
    assert sign_in(directory, "carla") == Denied.NO_ROLE


def test_who_has_a_name_is_looked_up_without_a_password(directory: AskedDirectory, settings_of: SettingsOf) -> None:
    own = {"LDAP_BIND_DN": "", "LDAP_BIND_PASSWORD_FILE": "", "LDAP_USER_BIND": f"uid={{name}},{PEOPLE}"}
    with directory.in_turn() as until:
        assert [role(directory.look_up(name, until) or Denied.OTHER_ENTRY) for name in ("ana", "carla", "nobody")] == [
            "clinician",
            Denied.NO_ROLE,
            Denied.UNKNOWN,
        ]
        assert AskedDirectory(settings_of(**own)).look_up("ana", until) is None


# Trouble -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(settings_of: SettingsOf, slapd: Slapd, tmp_path: Path) -> Callable[[str], AskedDirectory]:
    """Make a directory with something wrong."""
    (tmp_path / "wrong").write_text("another password", "utf-8")

    def make(what: str) -> AskedDirectory:
        other = tmp_path / "other.ca.crt"
        if what == "another authority":
            certificate(tmp_path, "other")
        wrong = {
            "nothing listens": {"LDAP_URL": f"ldap://127.0.0.1:{free_port()}"},
            "nothing listens for LDAPS": {"LDAP_URL": f"ldaps://127.0.0.1:{free_port()}"},
            "another host's name": {"LDAP_URL": slapd.tls.replace("127.0.0.1", "localhost")},
            "another authority": {"LDAP_CA_FILE": str(other)},
            "a wrong password": {"LDAP_BIND_PASSWORD_FILE": str(tmp_path / "wrong")},
            "a base that is not there": {"LDAP_USER_BASE": f"ou=nowhere,{PEOPLE}"},
            "a base of another directory": {"LDAP_USER_BASE": "dc=elsewhere,dc=lan"},
            "a filter that is none": {"LDAP_USER_FILTER": "(uid={name}"},
            "LDAPS at the other port": {"LDAP_URL": slapd.plain.replace("ldap:", "ldaps:")},
        }
        return AskedDirectory(settings_of(**wrong[what]))

    return make


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("nothing listens", "it cannot be reached: Connection refused."),
        ("nothing listens for LDAPS", "it cannot be reached: Connection refused."),
        ("another host's name", "its certificate is refused: Hostname mismatch, certificate is not valid for 'localh"),
        ("another authority", "its certificate is refused: unable to get local issuer certificate."),
        ("a wrong password", "it refuses FCV_LDAP_BIND_DN or the password of FCV_LDAP_BIND_PASSWORD_FILE."),
        ("a base that is not there", "FCV_LDAP_USER_BASE or FCV_LDAP_GROUP_BASE is not there, or may not be seen."),
        ("a base of another directory", "FCV_LDAP_USER_BASE or FCV_LDAP_GROUP_BASE is not there, or may not be seen."),
        ("a filter that is none", "FCV_LDAP_USER_FILTER or FCV_LDAP_GROUP_FILTER is no filter."),
        ("LDAPS at the other port", "TLS fails: "),
    ],
)
def test_what_is_wrong_is_told_in_a_line_and_lets_nobody_in(
    broken: Callable[[str], AskedDirectory], caplog: pytest.LogCaptureFixture, what: str, words: str
) -> None:
    with pytest.raises(DirectoryUnavailable):
        sign_in(broken(what), "ana")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("directory: ldap")
    assert words in line
    assert not any(each in line for each in ("ana", PASSWORDS["ana"], "another password", "\n"))


@pytest.fixture
def silent() -> Iterator[str]:
    """Listen, and say nothing, not even of TLS. Give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_directory_that_says_nothing_leaves_no_thread_behind(
    settings_of: SettingsOf, silent: str, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(asked, "SECONDS", 0.5)
    directory = AskedDirectory(settings_of(LDAP_URL=f"{scheme}://{silent}"))
    with pytest.raises(DirectoryUnavailable):
        sign_in(directory, "ana")
    executor = directory._executor()  # noqa: SLF001 - its threads
    executor.shutdown(wait=True)
    deadline = time.monotonic() + 30
    while any(each.name == "directory-bytes" for each in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_directory_that_hangs_costs_no_processor(
    settings_of: SettingsOf, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "SECONDS", 1.0)
    directory = AskedDirectory(settings_of(LDAP_URL=f"ldaps://{silent}"))
    begun = time.process_time()
    with pytest.raises(DirectoryUnavailable):
        sign_in(directory, "ana")
    assert time.process_time() - begun < 0.5


def test_where_the_connection_ends_no_other_is_made(directory: AskedDirectory) -> None:
    with conversation(directory._plan, directory._urls[0], time.monotonic() + 60) as opened:  # noqa: SLF001
        assert role(opened.look_up("ana")) == "clinician"
        end = socket.socket(fileno=os.dup(opened._connection.fileno()))  # noqa: SLF001
        end.shutdown(socket.SHUT_RDWR)
        end.close()
        for _ in range(2):
            with pytest.raises(ldap.SERVER_DOWN):
                opened.look_up("ana")


@pytest.fixture
def expired(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Listen with a certificate of an authority that has expired. Give the address, and the authority."""
    authority = certificate(tmp_path, "expired", days=(-90, -2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "expired.crt", tmp_path / "expired.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refused() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        thread = threading.Thread(target=refused)
        thread.start()
        yield f"ldaps://127.0.0.1:{listener.getsockname()[1]}", authority
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_certificate_of_an_expired_authority_is_refused(
    settings_of: SettingsOf, expired: tuple[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    url, authority = expired
    directory = AskedDirectory(settings_of(LDAP_URL=url, LDAP_CA_FILE=str(authority)))
    with pytest.raises(DirectoryUnavailable):
        sign_in(directory, "ana")
    assert "its certificate is refused: certificate has expired." in caplog.text


def test_a_directory_that_hangs_keeps_nobody(
    directory: AskedDirectory, slapd: Slapd, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = time.monotonic()
    with monkeypatch.context() as patched, slapd.stopped():
        patched.setattr(asked, "SECONDS", SECONDS)
        with pytest.raises(DirectoryUnavailable):
            sign_in(directory, "ana")
    assert time.monotonic() - begun < 60
    assert "it does not answer in time. Its users are answered 503." in caplog.text
    assert role(sign_in(directory, "ana")) == "clinician"
    assert "directory: it answers again." in caplog.text


def test_another_directory_is_asked_where_the_first_one_is_away_and_first_from_then_on(
    settings_of: SettingsOf, slapd: Slapd, caplog: pytest.LogCaptureFixture
) -> None:
    directory = AskedDirectory(settings_of(LDAP_URL=f"ldap://127.0.0.1:{free_port()} {slapd.plain}"))
    assert [role(sign_in(directory, name)) for name in ("ana", "beto")] == ["clinician", "reader"]
    assert [each.getMessage() for each in caplog.records] == []


def test_after_failures_nobody_is_asked_for_some_seconds(
    broken: Callable[[str], AskedDirectory],
    settings_of: SettingsOf,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    directory, now = broken("nothing listens"), [1000.0]
    monkeypatch.setattr(breaker, "monotonic", lambda: now[0])
    for _ in range(asked.FAILURES + 5):
        with pytest.raises(DirectoryUnavailable) as refused:
            sign_in(directory, "ana")
    assert (len(caplog.records), refused.value.seconds) == (asked.FAILURES, 10)
    monkeypatch.setattr(directory, "_urls", settings_of().ldap_url)
    with pytest.raises(DirectoryUnavailable):
        sign_in(directory, "ana")
    now[0] += asked.PAUSE + 0.1
    assert role(sign_in(directory, "ana")) == "clinician"
    assert role(sign_in(directory, "beto")) == "reader"


def test_no_more_than_a_ward_waits(directory: AskedDirectory) -> None:
    with ThreadPoolExecutor(asked.LONGEST_LINE) as ward:
        with ExitStack() as turns:
            for _ in range(asked.AT_ONCE):
                turns.enter_context(directory.in_turn())
            waiting = [ward.submit(sign_in, directory, "ana") for _ in range(asked.LONGEST_LINE)]
            refused = list(islice(as_completed(waiting), asked.AT_ONCE))
        assert {type(each.exception()) for each in refused} == {DirectoryBusy}
        assert {role(each.result()) for each in waiting if each not in refused} == {"clinician"}
