"""Signing in over HTTP: by name and password, and not too often."""

from __future__ import annotations

from flask import current_app, request

from fcv_api import accounts, throttle
from fcv_api.accounts import Account
from fcv_api.web.problems import ProblemRaised


def sign_in(username: str, password: str) -> Account:
    """Give the account that may sign in with these. Raises ProblemRaised or TooManyAttempts.

    What is turned away, and what is known to be wrong, costs no bcrypt run. Of which names there are accounts, neither
    the answer nor its time tells: a name of nobody's is looked up, hashed and counted as any other.
    """
    claim = accounts.claim(username)
    key: str = current_app.config["JWT_SECRET_KEY"]
    attempt = throttle.Attempt.of(key, request.remote_addr or "", username, claim.state, password)
    if not throttle.check(attempt):
        if account := claim.proven_by(password):
            return account
        throttle.count(attempt)
    raise ProblemRaised("wrong-credentials", "Could not validate user.")
