"""Signing in by the hospital's directory: who is asked for there, and what account that is here."""

from __future__ import annotations

from time import time

from fcv_api.accounts import Account, Claim, Role
from fcv_api.accounts.directory_users import Identity, NotAdmitted, admit, is_local, is_of_directory
from fcv_api.accounts.throttle import Attempt, check
from fcv_api.directory import Denied, DirectoryBusy, DirectoryUnavailable, Person
from fcv_api.web.audit import log_event
from fcv_api.web.requests import current_service

REMEMBERED = 60
"""Seconds for which a wrong password is wrong without being asked again: who has changed it at the directory waits no
longer, and a script with an old one does not lock its account there."""


def is_asked_for(claim: Claim) -> bool:
    """Return whether the directory is asked for a name. Local accounts come first, whatever the case of their names."""
    if current_service().directory is None:
        return False
    return claim.account.of_directory if claim.account else not is_local(claim.name)


def state_of(claim: Claim) -> str:
    """Return what a password is judged by: what is wrong is asked again some time later."""
    return f"{claim.state} {time() // REMEMBERED:.0f}"


def proven(claim: Claim, password: str, attempt: Attempt) -> Account | str:
    """Return who signs in, or why nobody does. Raises DirectoryUnavailable, DirectoryBusy or TooManyAttempts.

    The throttle is asked once more when the turn has come: others may have failed while this one stood in line.
    """
    directory = current_service().directory
    assert directory is not None  # noqa: S101 - is_asked_for said so
    with directory.in_turn() as until:
        if check(attempt):
            return Denied.WRONG_PASSWORD
        return _account_of(directory.sign_in(claim.name, password, until))


def still_admitted(account: Account) -> Account | None:
    """Return an account as it is now, with the role that the directory gives it; None where it must sign in again."""
    if not is_of_directory(account.id):
        return account
    directory = current_service().directory
    if directory is None:
        return None
    try:
        with current_service().concurrency_limit.released(), directory.in_turn() as until:
            found = directory.look_up(account.username, until)
    except (DirectoryUnavailable, DirectoryBusy) as error:
        log_event("session-not-renewed", reason=error.code)
        return None
    now = _account_of(found) if found else "no-bind-dn"
    if isinstance(now, Account) and now.id == account.id:
        return now
    log_event("session-not-renewed", reason=Denied.OTHER_ENTRY if isinstance(now, Account) else now)
    return None


def _account_of(found: Person | Denied) -> Account | str:
    """Return the account of somebody in the directory, or why there is none."""
    if isinstance(found, Denied):
        return found
    try:
        admitted = admit(Identity(found.id, found.name, Role(found.role)))
    except NotAdmitted as error:
        return error.reason
    if admitted.event:
        log_event(admitted.event, user=admitted.account.id, role=admitted.account.role, reason="directory")
    return admitted.account
