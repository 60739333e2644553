"""Signing in over HTTP: by name and password, and not too often."""

from __future__ import annotations

from functools import partial

from flask import Flask, current_app, request

from fcv_api import accounts
from fcv_api.accounts import Account, Claim, throttle
from fcv_api.accounts.throttle import Attempt, TooManyAttempts
from fcv_api.directory import DirectoryBusy, DirectoryUnavailable
from fcv_api.web import by_directory as directory
from fcv_api.web.audit import log_event
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_service


def sign_in(username: str, password: str) -> Account:
    """Return the account that may sign in with these. Raises ProblemRaised, TooManyAttempts or TooManyPasswords.

    What is turned away, and what is known to be wrong, costs no bcrypt run. Of which names there are accounts, neither
    the answer nor its time tells: a name of nobody's is looked up, hashed and counted as any other. Where there is a
    directory, a name that is no local account's is asked for there, and the time tells which of the two it is. Raises
    DirectoryUnavailable or DirectoryBusy too, then.
    """
    claim = accounts.claim(username)
    by_directory = directory.is_asked_for(claim)
    name, state = (claim.name.casefold(), directory.state_of(claim)) if by_directory else (claim.name, claim.state)
    attempt = Attempt.of(current_app.config["JWT_SECRET_KEY"], request.remote_addr or "", name, state, password)
    try:
        found = _judged(claim, password, attempt, by_directory=by_directory)
    except TooManyAttempts:
        _refused(attempt, claim, "throttled")
        raise
    except (DirectoryUnavailable, DirectoryBusy) as error:
        _refused(attempt, claim, error.code)
        raise
    if isinstance(found, Account):
        log_event("sign-in", user=found.id)
        return found
    _refused(attempt, claim, found)
    raise ProblemRaised("wrong-credentials", "Could not validate user.")


def _judged(claim: Claim, password: str, attempt: Attempt, *, by_directory: bool) -> Account | str:
    """Return who signs in, or why nobody does. A password that is wrong for the first time is counted."""
    wrong = "wrong-password" if claim.account else "unknown-name"
    if throttle.check(attempt):
        return wrong
    known_wrong = partial(_known_wrong, attempt, current_app._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001
    with current_service().concurrency_limit.released():
        if by_directory:
            found = directory.proven(claim, password, attempt)
        else:
            found = claim.proven_by(password, known_wrong) or wrong
    if not isinstance(found, Account):
        throttle.count(attempt)
    return found


def _known_wrong(attempt: Attempt, app: Flask) -> bool:
    """Ask the throttle once more, in the thread that hashes: others may have failed while this one stood in line.

    Raises TooManyAttempts.
    """
    with app.app_context():
        return throttle.check(attempt)


def _refused(attempt: Attempt, claim: Claim, reason: str) -> None:
    """Log a sign-in that failed. tried: the same for the same name from the same address, and tells neither."""
    account = claim.account
    logged = "disabled" if account and not account.is_active and reason == "wrong-password" else reason
    log_event("sign-in-refused", reason=logged, user=account.id if account else None, tried=attempt.pair[:12])
