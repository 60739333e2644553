"""The language of a problem's title: Spanish for who asks for it by `Accept-Language`, else English."""

from __future__ import annotations

from typing import Literal

from flask import Response, request

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")
"""The first is that of a caller who asks for neither: programs were written for it."""


def language() -> Language:
    """Return the language that this request's sender likes best of both. `es-CO` is Spanish, `*` is no wish."""
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((each for tag in wanted for each in LANGUAGES if tag == each), LANGUAGES[0])


def say_language(response: Response) -> None:
    """Name in an answer's headers in what language its titles are, and that they depend on what was asked for."""
    response.headers["Content-Language"] = language()
    response.vary.add("Accept-Language")
