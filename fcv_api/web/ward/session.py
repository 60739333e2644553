"""Who looks at a page: the account whose token came in a cookie. The API reads the header `Authorization` alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar, cast

from flask import g, redirect, request, url_for
from flask.wrappers import Response

from fcv_api.accounts import Account, Role
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_request, current_service
from fcv_api.web.tokens import AUTHENTICATION_FAILED, require, use_token
from fcv_api.web.ward.ways import way_back

View = TypeVar("View", bound=Callable[..., Any])
SEES = (Role.READER, Role.CLINICIAN, Role.ADMIN, Role.DISPLAY)
"""Who may see the ward."""
MARKS = (Role.CLINICIAN, Role.ADMIN)
"""Who may mark what was seen: persons, each with an account of their own."""
PERSONAL, DISPLAY = "fcv_session", "fcv_display"
"""Cookies. A person signs in on a display's screen, and when that session ends it is the display's again."""


@dataclass(frozen=True, slots=True)
class Session:
    """A valid token that came in a cookie. csrf: what each of its forms must hold."""

    account: Account
    jti: str
    csrf: str
    expires_at: datetime
    cookie: str

    @property
    def is_display(self) -> bool:
        """Whether nobody in person is signed in."""
        return self.account.role is Role.DISPLAY

    @property
    def may_mark(self) -> bool:
        """Whether it may mark what was seen."""
        return self.account.role in MARKS


def signed_in(*, data: bool = False) -> Callable[[View], View]:
    """Show a view to those alone who may see the ward.

    Without a valid session a page is answered with 303 to `/sign-in`; data, which a script asks for, with 401.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            if find_session() is None:
                return _to_sign_in(data=data)
            require(*SEES)
            return view(*args, **kwargs)

        guarded.access = SEES  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def _to_sign_in(*, data: bool) -> Response:
    if data:
        raise ProblemRaised("not-authenticated", AUTHENTICATION_FAILED)
    return cast("Response", redirect(url_for("ward.sign_in", next=way_back(request.path)), 303))


def current_session() -> Session | None:
    """Return the session that `find_session` found for this request."""
    return cast("Session | None", g.get("ward_session"))


def find_session() -> Session | None:
    """Find the session of this request: a person's, else a display's."""
    g.ward_session = next((found for name in (PERSONAL, DISPLAY) if (found := _session_in(cookie_name(name)))), None)
    return current_session()


def cookie_name(name: str) -> str:
    """Return a cookie's name: over TLS one that no other host and no plain page can set (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if current_service().ward.secure else name


def _session_in(cookie: str) -> Session | None:
    token = request.cookies.get(cookie, "")
    if not token or not use_token(token):
        return None
    context = current_request()
    claims = context.claims
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    return Session(cast("Account", context.account), claims["jti"], claims.get("csrf", ""), expires_at, cookie)
