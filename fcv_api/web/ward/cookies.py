"""Cookies of the pages: for this host alone, out of a script's reach, and never sent along by another site."""

from __future__ import annotations

from flask.wrappers import Response

from fcv_api.web.requests import current_service


def cookie_name(name: str) -> str:
    """Return a cookie's name: over TLS one that no other host and no plain page can set (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if current_service().ward.secure else name


def set_cookie(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie. seconds: how long it lives; else until the browser is closed."""
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=seconds,
        secure=current_service().ward.secure,
        httponly=True,
        samesite="Strict",
    )


def delete_cookie(response: Response, name: str) -> None:
    """Delete a cookie."""
    set_cookie(response, name, "", 0)
