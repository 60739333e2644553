"""Passwords: what bcrypt takes, and what it costs to be wrong."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import bcrypt
import pytest

from fcv_api.accounts import passwords
from fcv_api.accounts.passwords import NOBODYS_HASH, TooManyPasswords, UnusablePassword, hash_password, matches

PASSWORD = "correct horse battery"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Record the hash of every bcrypt run."""
    hashes: list[bytes] = []
    checkpw = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        right = checkpw(password, hashed)
        hashes.append(hashed)
        return right

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return hashes


@pytest.mark.parametrize("password", [PASSWORD, "x" * 72, "ñ" * 36, "漢" * 24, "contraseña ☃", " spaces "])
def test_a_password_matches_its_own_hash_and_no_other(password: str) -> None:
    hashed = hash_password(password, 8)
    assert matches(password, hashed)
    assert not matches(password[:-1], hashed)
    assert not matches(password + "x", hashed)
    assert not matches("", hashed)


def test_one_password_has_many_hashes() -> None:
    assert hash_password(PASSWORD, 8) != hash_password(PASSWORD, 8)


def test_new_hashes_cost_as_much_as_those_of_the_thesis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the cheap ones of the tests
    assert hash_password(PASSWORD, 8).startswith("$2b$12$")
    assert NOBODYS_HASH.startswith("$2b$12$")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("seven77", "at least 8 characters"),
        ("ñ" * 7, "at least 8 characters"),
        ("", "at least 8 characters"),
        ("x" * 73, "at most 72 bytes"),
        ("ñ" * 37, "at most 72 bytes"),
        ("x" * 1_000_000, "at most 72 bytes"),
        ("with\0NUL in it", "NUL"),
    ],
    ids=lambda part: part[:12],
)
def test_a_new_password_that_bcrypt_would_not_take_whole_is_refused(password: str, reason: str) -> None:
    with pytest.raises(UnusablePassword, match=reason) as caught:
        hash_password(password, 8)
    assert password[:6] not in str(caught.value) or not password


@pytest.mark.parametrize("password", ["x" * 73, "x" * 72 + "\0", "x" * 1_000_000])
def test_what_follows_72_right_bytes_makes_a_password_wrong(password: str) -> None:
    assert not matches(password, hash_password("x" * 72, 8))


def test_what_follows_a_nul_is_not_ignored() -> None:
    hashed = hash_password(PASSWORD, 8)
    assert not matches(f"{PASSWORD}\0", hashed)
    assert not matches(f"{PASSWORD}\0x", hashed)


def test_the_word_that_stands_for_an_unusable_password_opens_nothing() -> None:
    hashed = bcrypt.hashpw(b"-", bcrypt.gensalt(4)).decode()
    assert matches("-", hashed)
    assert not matches("x" * 73, hashed)
    assert not matches("\0", hashed)


def test_a_lone_surrogate_is_wrong_and_no_error() -> None:
    assert not matches("\ud800" * 8, hash_password(PASSWORD, 8))


@pytest.mark.parametrize("password", [PASSWORD, "", "-", "x" * 73, "\0"], ids=ascii)
def test_no_account_matches_nothing_at_the_cost_of_one_run(runs: list[bytes], password: str) -> None:
    assert not matches(password, None)
    assert runs == [passwords.NOBODYS_HASH.encode()]


def test_not_even_nobodys_own_password_matches_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "NOBODYS_HASH", hash_password(PASSWORD, 8))
    assert not matches(PASSWORD, None)
    assert not matches(PASSWORD, "no hash")


@pytest.mark.parametrize("password", [PASSWORD, "wrong horse", "", "x" * 73, "x\0y"], ids=ascii)
def test_every_check_costs_one_run_of_the_stored_hash(runs: list[bytes], password: str) -> None:
    hashed = hash_password(PASSWORD, 8)
    assert matches(password, hashed) == (password == PASSWORD)
    assert runs == [hashed.encode()]


@pytest.mark.parametrize("stored", ["", "plain text", "$2b$12$short", "$argon2id$v=19$x", "ñ", "$2b$99$" + "x" * 53])
def test_a_stored_text_that_is_no_hash_matches_nothing_at_the_cost_of_one_run(runs: list[bytes], stored: str) -> None:
    assert not matches(PASSWORD, stored)
    assert runs == [passwords.NOBODYS_HASH.encode()]


def test_no_more_passwords_wait_than_can_be_hashed_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed, gate = hash_password(PASSWORD, 8), threading.Event()
    monkeypatch.setattr(bcrypt, "checkpw", lambda _secret, _hash: gate.wait(20))
    with ThreadPoolExecutor(passwords.LONGEST_LINE) as threads:
        waiting = [threads.submit(matches, PASSWORD, hashed) for _ in range(passwords.LONGEST_LINE)]
        while passwords._LINE._value:  # noqa: SLF001
            time.sleep(0.001)
        with pytest.raises(TooManyPasswords):
            matches(PASSWORD, hashed)
        gate.set()
        assert all(each.result() for each in waiting)
    assert matches(PASSWORD, hashed)


def test_what_has_become_known_to_be_wrong_in_line_is_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed, runs = hash_password(PASSWORD, 8), Mock(return_value=True)
    monkeypatch.setattr(bcrypt, "checkpw", runs)
    assert not matches(PASSWORD, hashed, lambda: True)
    assert not runs.called
    assert matches(PASSWORD, hashed, lambda: False)
    assert runs.call_count == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives threads a priority of their own")
def test_hashing_gives_way_to_all_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = hash_password(PASSWORD, 8)
    monkeypatch.setattr(bcrypt, "checkpw", lambda _secret, _hash: _niceness() == 10)
    assert matches(PASSWORD, hashed)


def test_where_no_priority_may_be_set_passwords_are_hashed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbidden)
    monkeypatch.setattr(passwords, "_HASHERS", {})
    assert matches(PASSWORD, hash_password(PASSWORD, 8))


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
