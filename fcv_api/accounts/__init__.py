"""Who may call: the users table, passwords, and what a token is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from secrets import randbelow
from typing import Any

from sqlalchemy import DateTime, String, bindparam, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from fcv_api.accounts.passwords import UnusablePassword, hash_password, matches
from fcv_api.accounts.usernames import UnusableName, normalized, usable_name
from fcv_api.extensions import Base, read_transaction, write_transaction
from fcv_api.extensions.cursors import read_cursor, run


class Role(StrEnum):
    """What an account may do. CLIENT predicts; READER sees all and predicts nothing; ADMIN does all.

    CLINICIAN sees the ward's pages and marks there what was seen. DISPLAY sees these pages, and has no password.
    """

    CLIENT = "client"
    READER = "reader"
    CLINICIAN = "clinician"
    DISPLAY = "display"
    ADMIN = "admin"


class User(Base):
    """An account. `id`, `username` and `hashed_password` are as the thesis' service left them."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(255), unique=True, index=False)
    hashed_password: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16), server_default=Role.CLIENT)
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    token_generation: Mapped[int] = mapped_column(server_default="0")
    """Rises with every new password and when disabled: tokens of an older generation are dead."""
    directory_id: Mapped[str | None] = mapped_column(String(255), index=True, unique=True)
    """What the directory's entry keeps for ever; None for a local account."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the rest of the service sees one: no password, and nothing that writes back."""

    id: int
    username: str
    role: Role
    is_active: bool
    token_generation: int
    created_at: datetime | None = None
    of_directory: bool = False  # its password and role are kept there


class AccountError(Exception):
    """Something about an account that cannot be done, as a sentence."""


class UsernameTaken(AccountError):
    """Another account has the name."""

    code = "username-taken"


class UnknownUser(AccountError):
    """No account has the name."""


class UnusableCredentials(AccountError):
    """A new name or password that the rules refuse. `field` says which of the two."""

    code = "unusable-credentials"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field, self.reason = field, reason


def create_user(username: str, password: str, *, role: Role, min_length: int) -> Account:
    """Make an account; its name is stored in NFKC. Raises UnusableCredentials or UsernameTaken."""
    username = _usable(username)
    user = User(
        username=username,
        hashed_password=_hash(password, min_length),
        role=role,
        is_active=True,
        created_at=datetime.now(UTC),
        token_generation=randbelow(2**24),  # no token of an account of this name and id that a restore took lives again
    )
    try:
        with write_transaction() as session:
            session.add(user)
            session.flush()
            return _account(user)
    except IntegrityError:
        raise UsernameTaken("This username is taken.") from None


@dataclass(frozen=True, slots=True)
class Claim:
    """A name that somebody signs in by, in NFKC, with the account that has it, if any."""

    name: str
    account: Account | None
    hashed: str | None = field(repr=False)

    @property
    def state(self) -> str:
        """What a password is judged by: as long as it is the same, a wrong password stays wrong."""
        return f"{self.hashed} {self.account is not None and self.account.is_active}"

    def proven_by(self, password: str, known_wrong: Callable[[], bool] = lambda: False) -> Account | None:
        """Return the account that may sign in with this password, or None. known_wrong: as in `passwords.matches`.

        An unknown name, a wrong password, a password of over 72 bytes and a disabled account all cost one bcrypt
        check, so that the time tells them apart no more than the answer does.
        """
        right = matches(password, self.hashed, known_wrong)
        return self.account if self.account and self.account.is_active and right else None


def claim(username: str) -> Claim:
    """Look up who has a name: as it is stored, for those that older rules let in, or else its NFKC form."""
    name = normalized(username)
    names = [each for each in (username, name) if "\0" not in each]  # PostgreSQL refuses NUL
    with read_transaction() as connection:
        found = {row.username: row for row in connection.execute(_BY_NAME, {"names": names})}
    row = found.get(username) or found.get(name)
    return Claim(name, _account(row), row.hashed_password) if row else Claim(name, None, None)


def find_by_token(user_id: int, username: str, generation: int, jti: str) -> Account | None:
    """Return the active account that a token was made for, or None when token or account has ended."""
    with read_cursor() as cursor:
        found = run(cursor, _ACTIVE, user_id, jti).fetchone()
    if found is None or found[:2] != (username, generation):
        return None
    return Account(user_id, username, Role(found[2]), is_active=True, token_generation=generation)


_ALL = select(*User.__table__.columns)
_BY_NAME = _ALL.where(User.username.in_(bindparam("names", expanding=True)))
_ACTIVE = """SELECT username, token_generation, role FROM users
WHERE id = ? AND is_active AND NOT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = ?)"""


def list_users() -> list[Account]:
    """Return all accounts, by name."""
    with read_transaction() as connection:
        return [_account(row) for row in connection.execute(_ALL.order_by(User.username))]


def set_password(username: str, password: str, *, min_length: int) -> int:
    """Change a password and end all tokens of the account. Gives its id. Raises UnknownUser or UnusableCredentials."""
    return _update(username, hashed_password=_hash(password, min_length))


def set_active(username: str, *, active: bool) -> int:
    """Enable an account, or disable it and end all its tokens. Gives its id. Raises UnknownUser."""
    return _update(username, is_active=active)


def _update(username: str, **values: object) -> int:
    """Change an account. Its tokens end: none outlives a new password, nor comes back to life with its account."""
    newer = User.token_generation + 1
    with write_transaction() as session:
        statement = update(User).where(User.username == username).values(token_generation=newer, **values)
        number: int | None = session.scalar(statement.returning(User.id))
        if number is None:
            raise UnknownUser(f"There is no user {username!r}. `fcv users list` shows all.")
    return number


def _account(row: Any) -> Account:  # noqa: ANN401 - a row of `users`, or a User
    own = row.id, row.username, Role(row.role), row.is_active, row.token_generation, row.created_at
    return Account(*own, of_directory=row.directory_id is not None)


def _usable(username: str) -> str:
    try:
        return usable_name(username)
    except UnusableName as error:
        raise UnusableCredentials("username", str(error)) from None


def _hash(password: str, min_length: int) -> str:
    try:
        return hash_password(password, min_length)
    except UnusablePassword as error:
        raise UnusableCredentials("password", str(error)) from None
