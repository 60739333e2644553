"""The forms of pages: each comes from a page of ours, in the session that it was written for.

A form holds a token that another site cannot know (the double submit of flask-jwt-extended: the claim `csrf`), and
browsers say which site sends it. The form for signing in has no session yet: its token belongs to a cookie of its own.
"""

from __future__ import annotations

import hmac
import secrets

from flask import current_app, request
from flask.wrappers import Response

from fcv_api.web.audit import log_event
from fcv_api.web.bodies import check_encoding
from fcv_api.web.parser import FORM, read_form
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.ward.cookies import cookie_name, set_cookie
from fcv_api.web.ward.session import Session

LARGEST_FORM = 16 * 1024
"""Bytes; as of `/auth`."""
TOKEN = "csrf_token"  # noqa: S105 - the field's name
COOKIE = "fcv_form"
COOKIE_BYTES = 24


def limit_body() -> None:
    """Read no more than a form can be."""
    request.max_content_length = LARGEST_FORM


def form_of(session: Session) -> dict[str, str]:
    """Return the fields of a form that was written for a session. Raises ProblemRaised."""
    fields = _fields()
    _check(session.csrf, fields.get(TOKEN, ""))
    return fields


def form_of_a_stranger() -> dict[str, str]:
    """Return the fields of the form for signing in. Raises ProblemRaised: nobody is signed in from another site."""
    fields = _fields()
    _check(_token_of(request.cookies.get(cookie_name(COOKIE), "")), fields.get(TOKEN, ""))
    return fields


def strangers_token() -> tuple[str, str]:
    """Return the cookie of the form for signing in, a new one where there is none, and the token that belongs to it."""
    cookie = request.cookies.get(cookie_name(COOKIE)) or secrets.token_urlsafe(COOKIE_BYTES)
    return cookie, _token_of(cookie)


def keep_stranger(response: Response, cookie: str) -> None:
    """Set the cookie of the form for signing in."""
    set_cookie(response, COOKIE, cookie)


def _fields() -> dict[str, str]:
    if _is_foreign():
        log_event("form-refused", reason="foreign-site")
        raise ProblemRaised("form-refused", "This form was sent by another site.")
    check_encoding(request)
    if request.mimetype != FORM:
        raise ProblemRaised("unsupported-media-type", f"Send the form with Content-Type: {FORM}.")
    return read_form(request)


def _is_foreign() -> bool:
    """Return whether a browser says that another site sends this. A program says nothing, and needs the token too."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin != request.host_url.rstrip("/")


def _check(wanted: str, given: str) -> None:
    if not wanted or not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogatepass")):
        log_event("form-refused", reason="wrong-token" if given else "no-token")
        raise ProblemRaised("form-refused", "This form is of another session, or of none. Load the page again.")


def _token_of(cookie: str) -> str:
    """Return the token of a cookie: nobody can make a pair without our key, also not one who can set a cookie."""
    key: str = current_app.config["JWT_SECRET_KEY"]
    return hmac.new(key.encode(), b"fcv-mlapi form " + cookie.encode(), "sha256").hexdigest() if cookie else ""
