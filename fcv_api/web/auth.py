"""Accounts and tokens over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import Response, request

from fcv_api import accounts
from fcv_api.accounts import Account, Role, issued_tokens
from fcv_api.accounts.issued_tokens import token_for
from fcv_api.web.audit import log_event
from fcv_api.web.openapi import TOKEN_NEEDED, problems
from fcv_api.web.parser import FORM, CredentialsBlueprint
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_request, current_service
from fcv_api.web.sign_in import sign_in
from fcv_api.web.tokens import authenticated, current_account, current_token, public, require_admin
from fcv_api.wire.accounts import CredentialsFormSchema, CredentialsSchema, TokenSchema, WhoAmISchema

LARGEST_CREDENTIALS = 16 * 1024  # bytes

bp = CredentialsBlueprint("auth", __name__, description="Accounts and tokens")

BODY_PROBLEMS = ("not-json", "bad-request", "too-large", "unsupported-media-type", "unsupported-encoding")
REGISTRATION_PROBLEMS = (
    *("not-authenticated", "not-allowed", "registration-closed", "username-taken"),
    *("invalid-body", "unusable-credentials", "sign-ins-busy", "database-unavailable"),
)
SIGN_IN_PROBLEMS = (
    *("wrong-credentials", "too-many-attempts", "invalid-body", "sign-ins-busy"),
    *("directory-unavailable", "database-unavailable"),
)
EXAMPLE = {"username": "integration", "password": "a long passphrase"}


@bp.before_request
def limit_body() -> None:
    """Read no more than credentials can be."""
    request.max_content_length = LARGEST_CREDENTIALS


@bp.get("/")
@authenticated()
@bp.doc(**TOKEN_NEEDED)
@bp.response(200, WhoAmISchema)
@problems(bp, "not-authenticated", "database-unavailable")
def who_am_i() -> dict[str, Account]:
    """Who the token belongs to."""
    return {"User": current_account()}


def by_policy(view: Callable[..., Response]) -> Callable[..., Response]:
    """Ask who may make accounts before anything of the body is read."""

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> Response:
        match current_service().registration:
            case "closed":
                log_event("forbidden", reason="registration-closed")
                raise ProblemRaised("registration-closed", "Accounts are made with `fcv users add` on the server.")
            case "admin":
                require_admin()
        return view(*args, **kwargs)

    return guarded


@bp.post("/auth/create_user")
@public
@by_policy
@bp.arguments(CredentialsSchema, example=EXAMPLE)
@bp.response(201, description="The account exists now. The body is empty.")
@problems(bp, *BODY_PROBLEMS, *REGISTRATION_PROBLEMS)
def create_user(credentials: dict[str, str]) -> Response:
    """Make an account with the role `client`.

    Who may do so is a setting, `FCV_REGISTRATION`: `open` to everyone, by an `admin`'s token, or `closed`.
    """
    service = current_service()
    with service.concurrency_limit.released():
        made = accounts.create_user(**credentials, role=Role.CLIENT, min_length=service.password_min_length)
    log_event("account-made", made=made.id, role=made.role)
    return Response(status=201)


@bp.post("/auth/token")
@public
@bp.doc(requestBody={"content": {FORM: {"schema": CredentialsFormSchema}}})
@bp.arguments(CredentialsSchema, example=EXAMPLE)
@bp.response(200, TokenSchema)
@problems(bp, *BODY_PROBLEMS, *SIGN_IN_PROBLEMS)
def create_token(credentials: dict[str, str]) -> dict[str, str]:
    """Sign in. The token is good for 20 minutes (`FCV_TOKEN_MINUTES`).

    Takes JSON, or an OAuth2 password form. After ten different wrong passwords in five minutes from one address, an
    account waits there: 429 with `Retry-After`, also for the right one.
    """
    account = sign_in(**credentials)
    current_request().user_id = account.id
    return {"access_token": token_for(account), "token_type": "bearer"}


@bp.post("/auth/logout")
@authenticated()
@bp.doc(**TOKEN_NEEDED)
@bp.response(204, description="The token is dead. Others of the same account live on.")
@problems(bp, "not-authenticated", "database-unavailable")
def end_token() -> Response:
    """End the token that this call carries."""
    jti, expires_at = current_token()
    issued_tokens.revoke(jti, expires_at)
    log_event("sign-out", token=jti)
    return Response(status=204)
