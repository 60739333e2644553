"""What goes wrong at a page, as a page: the words of the one table of problems, for people."""

from __future__ import annotations

from flask import make_response, render_template, request
from flask.wrappers import Response

from fcv_api.web.problems import MEDIA_TYPE, PROBLEMS
from fcv_api.web.requests import current_request
from fcv_api.web.ward.doors import sign_in_page
from fcv_api.web.ward.language import language_of
from fcv_api.web.ward.words import say

AT_THE_FORM = frozenset(
    {
        *("wrong-credentials", "too-many-attempts", "sign-ins-busy", "directory-unavailable"),
        *("form-refused", "not-allowed", "database-unavailable"),
    }
)
"""Problems of a sign-in after which the form is shown again."""
OWN_WORDS = {"not-allowed": "not_for_this_account", "tls-needed": "tls_needed"}
"""What they mean at the form."""


def as_page(response: Response) -> Response:
    """Show a browser a page instead of a problem. A program, and the page's own script, get the problem."""
    context = current_request()
    if response.mimetype != MEDIA_TYPE or "text/html" not in request.headers.get("Accept", ""):
        return response
    problem = PROBLEMS[context.problem or "internal-error"]
    language = language_of(request)
    words = problem.spanish if language == "es" else problem.title
    if request.endpoint in ("ward.sign_in", "ward.enter") and problem.slug in OWN_WORDS:
        words = say(OWN_WORDS[problem.slug], language)
    if request.endpoint == "ward.enter" and problem.slug in AT_THE_FORM:
        page = sign_in_page(words)
    else:
        page = make_response(render_template("ward/problem.html", problem=words, request_id=context.request_id))
    page.status_code = response.status_code
    for name in ("Retry-After", "Allow"):
        if name in response.headers:
            page.headers[name] = response.headers[name]
    return page
