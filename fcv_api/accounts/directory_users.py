"""Accounts of people whom a directory knows: made at their first sign-in, and without a password here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import randbelow

from sqlalchemy import RowMapping, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fcv_api.accounts import Account, AccountError, Role, User
from fcv_api.accounts.system import NO_PASSWORD
from fcv_api.accounts.usernames import UnusableName, usable_name
from fcv_api.extensions import read_transaction, write_transaction


class OfDirectory(AccountError):
    """Something of an account that the directory decides."""


class NotAdmitted(Exception):
    """Somebody whom the directory knows has no way in. `reason`: for the security log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is by the directory. id: what the entry keeps for ever, also when it is renamed."""

    id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Admitted:
    """The account of somebody in the directory. event: what was changed for it; None where it was as it is."""

    account: Account
    event: str | None = None


def is_local(name: str) -> bool:
    """Return whether a name is a local account's, whatever its case: such a name is no concern of the directory."""
    wanted, local = name.casefold(), select(User.username).where(User.directory_id.is_(None))
    with read_transaction() as connection:
        return any(each.casefold() == wanted for each in connection.scalars(local))


def check_is_local(username: str) -> None:
    """Raise OfDirectory where an account's password and role are the directory's."""
    query = select(User.directory_id).where(User.username == username)
    with read_transaction() as connection:
        if connection.scalar(query):
            raise OfDirectory(
                f"{username} signs in by the directory: its password and its role, by groups, are kept there. "
                "Make a local account for a machine."
            )


def is_of_directory(number: int) -> bool:
    """Return whether an account is of the directory."""
    with read_transaction() as connection:
        return connection.scalar(select(User.directory_id).where(User.id == number)) is not None


def admit(identity: Identity) -> Admitted:
    """Return the account of somebody in the directory, with the role of this moment. Raises NotAdmitted.

    Where the account is as it was, as at most sign-ins, nothing is written.
    """
    name = _name_of(identity)
    with read_transaction() as connection:
        row = connection.execute(_OF_ENTRY, {"entry": identity.id}).mappings().first()
    if row and row["is_active"] and (row["username"], row["role"]) == (name, identity.role):
        return Admitted(_account(row))
    try:
        return _admit_anew(identity, name)
    except IntegrityError:  # another worker made it at this moment
        return _admit_anew(identity, name)


def _admit_anew(identity: Identity, name: str) -> Admitted:
    """Make the account, or change what the directory has changed. Raises NotAdmitted."""
    with write_transaction() as session:
        row = session.execute(_OF_ENTRY, {"entry": identity.id}).mappings().first()
        if row and not row["is_active"]:
            raise NotAdmitted("disabled")
        _free(session, name, identity)
        if row is None:
            return Admitted(_account(_make(session, identity, name)), "account-made")
        renamed = row["username"] != name
        values = {"username": name, "role": identity.role, "token_generation": row["token_generation"] + renamed}
        changed = update(User).where(User.id == row["id"]).values(values).returning(*_COLUMNS)
        event = "account-renamed" if renamed else "role-changed" if row["role"] != identity.role else None
        return Admitted(_account(session.execute(changed).mappings().one()), event)


def _free(session: Session, name: str, identity: Identity) -> None:
    """Take the name from an entry that had it before. Raises NotAdmitted where it is a local or a disabled account's.

    Who had the name keeps an account under another one, with its records: nobody inherits them by a name.
    """
    others = session.execute(_OTHERS, {"entry": identity.id}).mappings()
    for other in [each for each in others if each["username"].casefold() == name]:
        if other["directory_id"] is None:
            raise NotAdmitted("local-name")
        if not other["is_active"]:
            raise NotAdmitted("disabled")
        freed = {"username": f"{name}-{other['id']}", "token_generation": other["token_generation"] + 1}
        session.execute(update(User).where(User.id == other["id"]).values(freed))


def _make(session: Session, identity: Identity, name: str) -> RowMapping:
    made = {
        "username": name,
        "hashed_password": NO_PASSWORD,
        "role": identity.role,
        "is_active": True,
        "created_at": datetime.now(UTC),
        "token_generation": randbelow(2**24),  # as of any new account
        "directory_id": identity.id,
    }
    return session.execute(insert(User).values(made).returning(*_COLUMNS)).mappings().one()


def _name_of(identity: Identity) -> str:
    """Return the name of the account: one for all spellings that the directory takes. Raises NotAdmitted."""
    try:
        return usable_name(usable_name(identity.name).casefold())
    except UnusableName:
        raise NotAdmitted("unusable-name") from None


def _account(row: RowMapping) -> Account:
    own = row["id"], row["username"], Role(row["role"]), row["is_active"], row["token_generation"], row["created_at"]
    return Account(*own, of_directory=True)


_COLUMNS = tuple(User.__table__.columns)
_OF_ENTRY = select(*_COLUMNS).where(User.directory_id == bindparam("entry"))
_OTHERS = select(*_COLUMNS).where(or_(User.directory_id.is_(None), User.directory_id != bindparam("entry")))
