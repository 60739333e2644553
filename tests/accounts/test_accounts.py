"""Accounts: names, passwords and sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import bcrypt
import pytest
from conftest import BOTH_DATABASES
from sqlalchemy import text

from fcv_api import accounts
from fcv_api.accounts import Account, Role, UnusableCredentials, UsernameTaken
from fcv_api.extensions import read_transaction, write_transaction

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.usefixtures("app")


def make(username: str = "ana", password: str = PASSWORD, role: Role = Role.CLIENT) -> Account:
    return accounts.create_user(username, password, role=role, min_length=8)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Record the hash of every bcrypt run."""
    hashes: list[bytes] = []
    checkpw = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        hashes.append(hashed)
        return checkpw(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return hashes


@pytest.mark.parametrize("role", list(Role))
def test_an_account_is_made_with_its_role_and_signs_in(role: Role) -> None:
    account = make("ana", role=role)
    assert (account.username, account.role, account.is_active) == ("ana", role, True)
    found = accounts.claim("ana").proven_by(PASSWORD)
    assert found
    assert (found.id, found.role) == (account.id, role)
    assert account.created_at
    assert datetime.now(UTC) - account.created_at < timedelta(minutes=1)


def test_no_password_is_stored() -> None:
    make()
    with read_transaction() as connection:
        (stored,) = connection.execute(text("SELECT hashed_password FROM users")).scalars()
    assert stored.startswith("$2b$")
    assert PASSWORD not in stored


@BOTH_DATABASES
def test_a_name_belongs_to_one_account() -> None:
    make()
    with pytest.raises(UsernameTaken):
        make(password="another password")
    assert len(accounts.list_users()) == 1
    assert make("Ana").id != make("aná").id


@pytest.mark.parametrize(
    "username", ["a", "x" * 150, "María José", "sala-3@uci.example", "漢字", "a'; DROP TABLE users"]
)
def test_a_name_may_be_any_text_that_can_be_read(username: str) -> None:
    make(username)
    assert [account.username for account in accounts.list_users()] == [username]
    assert accounts.claim(username).proven_by(PASSWORD)


@pytest.mark.parametrize(
    "username",
    ["", "x" * 151, " ana", "ana ", "ana\u00a0", "an\0a", "an\na", "an\u200ba", "an\u202ea", "an\ud800a", "\t", " "],
    ids=ascii,
)
def test_a_name_that_cannot_be_read_is_refused(username: str) -> None:
    with pytest.raises(UnusableCredentials) as caught:
        make(username)
    assert caught.value.field == "username"
    assert accounts.list_users() == []


@BOTH_DATABASES
def test_a_name_is_one_account_however_it_is_spelt() -> None:
    account = make("Mari\u0301a")
    with pytest.raises(UsernameTaken):
        make("Mar\u00eda")
    for spelling in ("Mari\u0301a", "Mar\u00eda", "\uff2dar\u00eda"):
        found = accounts.claim(spelling)
        signed_in = found.proven_by(PASSWORD)
        assert signed_in
        assert (found.name, signed_in.id) == (account.username, account.id)


@BOTH_DATABASES
@pytest.mark.parametrize("name", ["\uff41na", "an\u200ba", "\u0430na", "Mari\u0301a", "ana "], ids=ascii)
def test_an_account_from_before_the_rules_signs_in_by_its_name_as_stored(name: str) -> None:
    make("ana")
    hashed = bcrypt.hashpw(b"from before", bcrypt.gensalt(4)).decode()
    with write_transaction() as session:
        row = {"username": name, "hashed_password": hashed}
        session.execute(text("INSERT INTO users (username, hashed_password) VALUES (:username, :hashed_password)"), row)
    found = accounts.claim(name).proven_by("from before")
    assert found
    assert found.username == name
    assert accounts.claim("ana").proven_by(PASSWORD)


def test_an_unusable_password_makes_no_account() -> None:
    with pytest.raises(UnusableCredentials) as caught:
        make(password="x" * 73)
    assert (caught.value.field, caught.value.reason) == ("password", "must have at most 72 bytes in UTF-8")
    assert accounts.list_users() == []


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ana", "wrong horse"),
        ("ana", ""),
        ("ana", "x" * 73),
        ("ana", f"{PASSWORD}\0"),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("ana\0", PASSWORD),
        ("a\0na", PASSWORD),
        ("ANA", PASSWORD),
        ("ana ", PASSWORD),
        ("x" * 10_000, PASSWORD),
        ("gone", PASSWORD),
    ],
    ids=lambda part: ascii(part)[:20],
)
def test_every_failed_sign_in_costs_one_bcrypt_run(runs: list[bytes], username: str, password: str) -> None:
    make("ana")
    make("gone")
    accounts.set_active("gone", active=False)
    assert accounts.claim(username).proven_by(password) is None
    assert len(runs) == 1


def test_a_sign_in_that_works_costs_one_bcrypt_run_too(runs: list[bytes]) -> None:
    make()
    assert accounts.claim("ana").proven_by(PASSWORD)
    assert len(runs) == 1


@BOTH_DATABASES
def test_a_user_of_the_thesis_signs_in_as_a_client() -> None:
    hashed = bcrypt.hashpw(b"from the thesis", bcrypt.gensalt(4)).decode()
    with write_transaction() as session:
        values = {"id": 41, "username": "vieja", "hashed_password": hashed}
        session.execute(
            text("INSERT INTO users (id, username, hashed_password) VALUES (:id, :username, :hashed_password)"), values
        )
    account = accounts.claim("vieja").proven_by("from the thesis")
    assert account == Account(41, "vieja", Role.CLIENT, is_active=True, token_generation=0)


@BOTH_DATABASES
def test_accounts_are_listed_by_name() -> None:
    for name in ("bea", "ana", "cleo"):
        make(name)
    assert [account.username for account in accounts.list_users()] == ["ana", "bea", "cleo"]
