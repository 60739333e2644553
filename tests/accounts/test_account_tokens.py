"""When a token has ended: with its account, with its password, or by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import BOTH_DATABASES
from flask import Flask
from sqlalchemy import func, select, update

from fcv_api import accounts
from fcv_api.accounts import Account, Role, UnknownUser, UnusableCredentials, User, issued_tokens
from fcv_api.accounts.issued_tokens import RevokedToken
from fcv_api.extensions import read_transaction, write_transaction

PASSWORD = "correct horse battery"
pytestmark = [pytest.mark.usefixtures("app"), BOTH_DATABASES]


def make(username: str = "ana", password: str = PASSWORD, role: Role = Role.CLIENT) -> Account:
    return accounts.create_user(username, password, role=role, min_length=8)


def by_token(account: Account, **changes: object) -> Account | None:
    given = {"user_id": account.id, "username": account.username, "generation": account.token_generation, "jti": "j"}
    return accounts.find_by_token(**(given | changes))  # type: ignore[arg-type]


def test_a_token_finds_its_account() -> None:
    account = make()
    found = by_token(account)
    assert found
    assert (found.id, found.username) == (account.id, "ana")


@pytest.mark.parametrize(
    "changes", [{"user_id": 99}, {"username": "bea"}, {"generation": 1}, {"generation": -1}], ids=str
)
def test_a_token_of_another_account_or_generation_finds_nobody(changes: dict[str, object]) -> None:
    account = make()
    make("bea")
    assert by_token(account, **changes) is None


def test_disabling_ends_tokens_and_sign_ins_and_enabling_allows_new_ones_only() -> None:
    account = make()
    accounts.set_active("ana", active=False)
    assert by_token(account) is None
    assert accounts.claim("ana").proven_by(PASSWORD) is None
    accounts.set_active("ana", active=True)
    assert by_token(account) is None
    again = accounts.claim("ana").proven_by(PASSWORD)
    assert again
    assert by_token(again)


def test_an_account_that_was_disabled_by_hand_has_no_token_either() -> None:
    account = make()
    with write_transaction() as session:
        session.execute(update(User).values(is_active=False))
    assert by_token(account) is None


def test_a_new_password_ends_tokens_and_the_old_password() -> None:
    account, other = make(), make("bea")
    accounts.set_password("ana", "another password", min_length=8)
    assert by_token(account) is None
    assert by_token(other)
    assert accounts.claim("ana").proven_by(PASSWORD) is None
    assert accounts.claim("ana").proven_by("another password")


def test_an_unusable_new_password_changes_nothing() -> None:
    account = make()
    with pytest.raises(UnusableCredentials):
        accounts.set_password("ana", "short", min_length=8)
    assert by_token(account)
    assert accounts.claim("ana").proven_by(PASSWORD)


def test_a_revoked_token_ends_alone_and_may_be_revoked_again() -> None:
    account, later = make(), datetime.now(UTC) + timedelta(minutes=20)
    issued_tokens.revoke("first", later)
    issued_tokens.revoke("first", later)
    assert by_token(account, jti="first") is None
    assert by_token(account, jti="second")


def test_a_revoked_token_is_remembered_until_no_clock_would_take_it() -> None:
    now = datetime.now(UTC)
    for jti, days in (("long dead", -3), ("expired yesterday", -1), ("alive", 1)):
        issued_tokens.revoke(jti, now + timedelta(days=days))
    issued_tokens.revoke("another", now + timedelta(minutes=20))
    with read_transaction() as connection:
        kept = set(connection.execute(select(RevokedToken.jti)).scalars())
    assert kept == {"expired yesterday", "alive", "another"}


def test_nobody_has_no_password_and_cannot_be_disabled() -> None:
    with pytest.raises(UnknownUser, match="'nobody'"):
        accounts.set_password("nobody", PASSWORD, min_length=8)
    with pytest.raises(UnknownUser, match="'nobody'"):
        accounts.set_active("nobody", active=False)


def test_a_write_that_fails_leaves_nothing_behind(app: Flask) -> None:
    def add_and_fail() -> None:
        with write_transaction() as session:
            session.add(RevokedToken(jti="x", expires_at=datetime.now(UTC)))
            session.flush()
            raise LookupError

    with app.app_context(), pytest.raises(LookupError):
        add_and_fail()
    with read_transaction() as connection:
        assert connection.execute(select(func.count()).select_from(RevokedToken)).scalar() == 0
