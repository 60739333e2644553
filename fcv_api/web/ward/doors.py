"""The doors: signing in and out in a browser."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import make_response, redirect, render_template, request, url_for
from flask.wrappers import Response

from fcv_api.accounts import Role, issued_tokens
from fcv_api.web.audit import log_event
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_request, current_service
from fcv_api.web.sign_in import sign_in as account_of
from fcv_api.web.tokens import current_account, current_token, public, require, use_token
from fcv_api.web.ward import bp
from fcv_api.web.ward.cookies import delete_cookie, set_cookie
from fcv_api.web.ward.forms import form_of, form_of_a_stranger, keep_stranger, strangers_token
from fcv_api.web.ward.renewal import begin
from fcv_api.web.ward.session import DISPLAY, PERSONAL, SEES, Session, find_session, signed_in, this_session
from fcv_api.web.ward.ways import way_back


@bp.get("/sign-in")
@public
def sign_in() -> Response:
    """Show the form: a person's, or with `?display` that of a display's token."""
    _need_tls()
    find_session()
    return sign_in_page()


def sign_in_page(problem: str = "") -> Response:
    """Return the page with the form, and the form's cookie. problem: why the last try failed."""
    cookie, token = strangers_token()
    shown = {
        "for_display": "display" in request.args,
        "form_token": token,
        "problem": problem,
        "way_back": way_back(request.args.get("next")),
    }
    response = make_response(render_template("ward/sign_in.html", **shown))
    keep_stranger(response, cookie)
    return response


@bp.post("/sign-in")
@public
def enter() -> Response:
    """Sign in: a person by name and password, a display by its token."""
    _need_tls()
    fields = form_of_a_stranger()
    response = make_response(redirect(way_back(request.args.get("next")), 303))
    if "token" in fields:
        _enter_display(fields["token"].strip(), response)
    else:
        _enter_person(fields.get("username", ""), fields.get("password", ""), response)
    return response


def _enter_person(username: str, password: str, response: Response) -> None:
    """Begin a person's session, and end the one that this browser had. Raises what `web.sign_in` does."""
    account = account_of(username, password)
    if (before := find_session()) and before.cookie == PERSONAL:
        _end(before)
    context = current_request()
    context.account, context.user_id = account, account.id
    require(*SEES)
    begin(account, response)


def _enter_display(token: str, response: Response) -> None:
    """Keep a display's token in its browser until it expires. Raises ProblemRaised."""
    if not use_token(token) or current_account().role is not Role.DISPLAY:
        log_event("token-refused", reason="no display's")
        raise ProblemRaised("wrong-credentials", "This is no token of a display, or it has ended.")
    jti, expires_at = current_token()
    log_event("sign-in", token=jti)
    set_cookie(response, DISPLAY, token, int((expires_at - datetime.now(UTC)).total_seconds()))


@bp.post("/sign-out")
@signed_in()
def sign_out() -> Response:
    """End the session's token, and all that it was renewed to. A display's ends for good."""
    session = this_session()
    form_of(session)
    _end(session)
    response = make_response(redirect(url_for("ward.sign_in"), 303))
    delete_cookie(response, session.cookie)
    response.headers["Clear-Site-Data"] = '"cache"'  # also the pages that the way back would show
    return response


def _end(session: Session) -> None:
    issued_tokens.revoke(session.jti, session.dead_at)
    log_event("sign-out", token=session.jti)


def _need_tls() -> None:
    """Refuse plain text where cookies go over TLS alone: nobody could stay signed in. Raises ProblemRaised."""
    if current_service().ward.secure and not request.is_secure:
        raise ProblemRaised("tls-needed", "Sign in with https:// only.")
