"""Who looks at a page: the account whose token came in a cookie. The API reads the header `Authorization` alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import g, make_response, redirect, render_template, request, url_for
from flask.wrappers import Response

from fcv_api.accounts import Account, Role
from fcv_api.web.audit import log_event
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_request
from fcv_api.web.tokens import AUTHENTICATION_FAILED, require, use_token
from fcv_api.web.ward.cookies import cookie_name
from fcv_api.web.ward.ways import way_back, way_of

View = TypeVar("View", bound=Callable[..., Any])
SEES = (Role.READER, Role.CLINICIAN, Role.ADMIN, Role.DISPLAY)
"""Who may see the ward."""
MARKS = (Role.CLINICIAN, Role.ADMIN)
"""Who may mark what was seen: persons, each with an account of their own."""
PERSONAL, DISPLAY = "fcv_session", "fcv_display"
"""Cookies. A person signs in on a display's screen, and when that session ends the screen is the display's again."""
SHIFT = timedelta(hours=12)
"""So long may a person's session be renewed."""
SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Session:
    """A valid token that came in a cookie.

    csrf: what each of its forms must hold. cookie: its name. since: when a person signed in; None for other tokens.
    """

    account: Account
    jti: str
    csrf: str
    cookie: str
    since: datetime | None
    expires_at: datetime

    @property
    def number(self) -> str:
        """Return what differs between two sessions, and holds nothing else."""
        return sha256(self.jti.encode()).hexdigest()[:12]

    @property
    def is_display(self) -> bool:
        """Whether nobody in person is signed in."""
        return self.account.role is Role.DISPLAY

    @property
    def may_mark(self) -> bool:
        """Whether it may mark what was seen."""
        return self.account.role in MARKS

    @property
    def dead_at(self) -> datetime:
        """When the last token that it may be renewed to has expired."""
        return max(self.expires_at, self.since + SHIFT) if self.since else self.expires_at

    @property
    def ends_soon(self) -> bool:
        """Whether a display needs another token within a week."""
        return self.is_display and self.expires_at - datetime.now(UTC) < SOON


def signed_in(*roles: Role, data: bool = False) -> Callable[[View], View]:
    """Show a view to those alone who may see the ward, or to these roles.

    Without a valid session a page is answered with 303 to `/sign-in`; data, which a script asks for, with 401.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            if find_session() is None:
                return _to_sign_in(data=data)
            require(*(roles or SEES))
            return view(*args, **kwargs)

        guarded.access = roles or SEES  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def _to_sign_in(*, data: bool) -> Response:
    """Lead to the form. Another site's link comes without cookies: then the page asks once more by itself."""
    if data:
        raise ProblemRaised("not-authenticated", AUTHENTICATION_FAILED)
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.method == "GET":
        return make_response(render_template("ward/again.html", way=way_back(way_of(request))))
    seen = way_of(request) if request.method == "GET" else urlsplit(request.referrer or "").path
    return cast("Response", redirect(url_for("ward.sign_in", next=way_back(seen)), 303))


def current_session() -> Session | None:
    """Return the session that `find_session` found for this request."""
    return cast("Session | None", g.get("ward_session"))


def this_session() -> Session:
    """Return the session of a view that is `signed_in`."""
    return cast("Session", current_session())


def find_session() -> Session | None:
    """Find the session of this request: a person's, else a display's."""
    g.ward_session = next((found for name in (PERSONAL, DISPLAY) if (found := _session_in(name))), None)
    return current_session()


def refused_cookies() -> list[str]:
    """Return the cookies of this request whose tokens were refused: they are deleted, and so refused once."""
    return cast("list[str]", g.get("ward_refused", []))


def _session_in(cookie: str) -> Session | None:
    token = request.cookies.get(cookie_name(cookie), "")
    if not token:
        return None
    if not use_token(token):
        log_event("token-refused", reason="ended or invalid")
        g.setdefault("ward_refused", []).append(cookie)
        return None
    context = current_request()
    claims = context.claims
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    since = datetime.fromtimestamp(claims["since"], UTC) if "since" in claims else None
    return Session(cast("Account", context.account), claims["jti"], claims.get("csrf", ""), cookie, since, expires_at)
