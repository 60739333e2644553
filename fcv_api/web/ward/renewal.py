"""A person's session: it lives as long as a token, and is renewed by what the person does, up to a shift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from flask import current_app, request
from flask.wrappers import Response

from fcv_api.accounts import Account
from fcv_api.accounts.issued_tokens import token_for
from fcv_api.web.by_directory import still_admitted
from fcv_api.web.ward.cookies import delete_cookie, set_cookie
from fcv_api.web.ward.session import PERSONAL, Session, current_session, refused_cookies


def begin(account: Account, response: Response) -> None:
    """Begin a person's session."""
    set_cookie(response, PERSONAL, token_for(account, claims={"since": int(datetime.now(UTC).timestamp())}))


def renew(response: Response) -> Response:
    """Delete cookies that were refused. Renew a session past half of its life, where a person did something.

    The new token has the number of the old one: a sign-out ends both, and forms in other tabs still fit. Who is of a
    directory is looked up there again: whoever was put out of it, or of its groups, keeps no session.
    """
    if "Set-Cookie" in response.headers:  # a session begins or ends with this answer
        return response
    for cookie in refused_cookies():
        delete_cookie(response, cookie)
    session = current_session()
    if session and session.cookie == PERSONAL and session.since and _by_a_person():
        left = session.expires_at - datetime.now(UTC)
        life = min(_life(), session.dead_at - datetime.now(UTC))
        if left < _life() / 2 and life > left and (account := still_admitted(session.account)):
            set_cookie(response, PERSONAL, _renewed(account, session, life))
    return response


def _by_a_person() -> bool:
    """Return whether a person did this: a form that was sent, or what a browser says was clicked or typed.

    What a page asks for by itself, by its script or `meta refresh`, has no `Sec-Fetch-User`: a page that was left open
    does not keep its session.
    """
    return request.method == "POST" or request.headers.get("Sec-Fetch-User") == "?1"


def _life() -> timedelta:
    return cast("timedelta", current_app.config["JWT_ACCESS_TOKEN_EXPIRES"])


def _renewed(account: Account, session: Session, life: timedelta) -> str:
    since = int(cast("datetime", session.since).timestamp())
    return token_for(account, life, {"jti": session.jti, "csrf": session.csrf, "since": since})
