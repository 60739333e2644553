"""The language of a page: what its reader chose, else the browser's, else Spanish."""

from __future__ import annotations

from typing import Literal

from flask import Request, request
from flask.wrappers import Response

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("es", "en")
"""The first is that of a browser that asks for neither."""
COOKIE = "fcv_lang"
A_YEAR = 365 * 24 * 3600
"""Seconds."""


def language_of(request: Request) -> Language:
    """Return the language to answer a request in: of its `?lang=`, else its cookie, else its Accept-Language."""
    for chosen in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    wanted = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())  # es-CO is Spanish
    return next((each for each in wanted if each in LANGUAGES), LANGUAGES[0])


def keep_choice(response: Response) -> Response:
    """Remember what was chosen by the switch. The cookie holds two letters and names nobody."""
    if request.endpoint != "ward.static":
        response.vary.update(("Accept-Language", "Cookie"))
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie(
            COOKIE, language_of(request), max_age=A_YEAR, secure=request.is_secure, httponly=True, samesite="Strict"
        )
    return response
