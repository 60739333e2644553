"""Signing in over HTTP: by name and password, and not too often."""

from __future__ import annotations

from functools import partial

from flask import Flask, current_app, request

from fcv_api import accounts
from fcv_api.accounts import Account, Claim, throttle
from fcv_api.accounts.throttle import Attempt, TooManyAttempts
from fcv_api.web.audit import log_event
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_service


def sign_in(username: str, password: str) -> Account:
    """Return the account that may sign in with these. Raises ProblemRaised, TooManyAttempts or TooManyPasswords.

    What is turned away, and what is known to be wrong, costs no bcrypt run. Of which names there are accounts, neither
    the answer nor its time tells: a name of nobody's is looked up, hashed and counted as any other.
    """
    claim = accounts.claim(username)
    key: str = current_app.config["JWT_SECRET_KEY"]
    attempt = Attempt.of(key, request.remote_addr or "", claim.name, claim.state, password)
    known_wrong = partial(_known_wrong, attempt, current_app._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001
    try:
        if not throttle.check(attempt):
            with current_service().concurrency_limit.released():
                account = claim.proven_by(password, known_wrong)
            if account:
                log_event("sign-in", user=account.id)
                return account
            throttle.count(attempt)
    except TooManyAttempts:
        _refused(attempt, claim, "throttled")
        raise
    _refused(attempt, claim, "wrong-password" if claim.account else "unknown-name")
    raise ProblemRaised("wrong-credentials", "Could not validate user.")


def _known_wrong(attempt: Attempt, app: Flask) -> bool:
    """Ask the throttle once more, in the thread that hashes: others may have failed while this one stood in line.

    Raises TooManyAttempts.
    """
    with app.app_context():
        return throttle.check(attempt)


def _refused(attempt: Attempt, claim: Claim, reason: str) -> None:
    """Log a sign-in that failed. tried: the same for the same name from the same address, and tells neither."""
    account = claim.account
    logged = "disabled" if account and not account.is_active and reason != "throttled" else reason
    log_event("sign-in-refused", reason=logged, user=account.id if account else None, tried=attempt.pair[:12])
