"""Tokens: who is asking, and whether they may. Every refusal is a 401 or a 403 in words of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache, wraps
from hashlib import sha256
from time import time
from typing import Any, TypeVar, cast

from flask import current_app, request
from flask.wrappers import Response
from flask_jwt_extended import decode_token, get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTDecodeError, JWTExtendedException
from jwt import PyJWTError

from fcv_api.accounts import Account, Role, find_by_token
from fcv_api.extensions import jwt
from fcv_api.web.audit import log_event
from fcv_api.web.problems import ProblemRaised, answer
from fcv_api.web.requests import current_request

View = TypeVar("View", bound=Callable[..., Any])
LARGEST_ID = 2**63  # what a database holds
VERIFIED = 1024
"""Tokens of a process whose claims are kept."""
REQUIRED_CLAIMS = ("sub", "id", "jti", "iat", "exp", "gen")
PARTY = "fcv_api"  # who issues tokens, and for whom
AUTHENTICATION_FAILED = "Authentication Failed."


def authenticated(*roles: Role) -> Callable[[View], View]:
    """Let only active accounts of these roles call a view: of any role when none is given."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            _verify()
            require(*roles)
            return view(*args, **kwargs)

        guarded.access = roles or tuple(Role)  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def public(view: View) -> View:
    """Declare that a view asks for no token: every view says one or the other, and a guard test looks."""
    view.access = ()  # type: ignore[attr-defined]
    return view


def require(*roles: Role) -> None:
    """Refuse the caller unless it has one of these roles. Raises ProblemRaised."""
    if roles and current_account().role not in roles:
        log_event("forbidden", reason=current_account().role)
        raise ProblemRaised("not-allowed", f"This needs an account with the role {' or '.join(roles)}.")


def require_admin() -> None:
    """Refuse any caller but an admin, where a view may be public or not by setting."""
    _verify()
    require(Role.ADMIN)


def _verify() -> None:
    """Find out whose token this is. Whatever is refused, flask-jwt-extended refuses: it answers as set up below."""
    secrets = current_app.config["JWT_SECRET_KEY"], current_app.config["JWT_SECRET_PREVIOUS"]
    context = current_request()
    context.account = None
    claims = _claims(_token(), secrets)
    if not claims or claims["exp"] <= time() or not _account({}, claims):
        verify_jwt_in_request()
        claims = get_jwt()
    context.claims = claims


def use_token(token: str) -> bool:
    """Make the account of a token that came in a page's cookie this request's. Return whether the token is good."""
    claims = _claims(token, (current_app.config["JWT_SECRET_KEY"], current_app.config["JWT_SECRET_PREVIOUS"]))
    if not claims or claims["exp"] <= time() or not _account({}, claims):
        return False
    current_request().claims = claims
    return True


def _token() -> str:
    """Return the token of the header `Authorization`. The case of its scheme does not matter (RFC 9110 11.1)."""
    header: str = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return ""
    request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"  # as flask-jwt-extended reads it
    return token.strip()


@lru_cache(VERIFIED)
def _claims(token: str, _secrets: tuple[str, str | None]) -> dict[str, Any] | None:
    """Return a sound token's claims, or None: that its signature holds does not change while the secrets do not.

    Whether it has expired, and whether it or its account was ended, is asked with each request. Decoding a token with
    each took 4 % of a minimal request (0.19 of 5.0 ms, a loaded hour of 2026-11-27).
    """
    try:
        claims: dict[str, Any] = decode_token(token)
    except (PyJWTError, JWTExtendedException):
        return None
    return claims if claims["type"] == "access" and _complete({}, claims) else None


def current_account() -> Account:
    """Return the account whose token this request carries."""
    return cast("Account", current_request().account)


def current_token() -> tuple[str, datetime]:
    """Return the `jti` of the token of this request, and when it expires."""
    claims = current_request().claims
    return claims["jti"], datetime.fromtimestamp(claims["exp"], UTC)


def config(secret: str, previous: str | None, minutes: int) -> dict[str, object]:
    """Return how tokens are signed and verified. previous: another secret that verifies. minutes: of a life."""
    return {
        "JWT_SECRET_KEY": secret,
        "JWT_SECRET_PREVIOUS": previous,
        "JWT_TOKEN_LOCATION": ["headers"],  # a cookie is for pages alone, which read it by `use_token`
        "JWT_ALGORITHM": "HS256",
        "JWT_DECODE_ALGORITHMS": ["HS256"],
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=minutes),
        "JWT_ENCODE_ISSUER": PARTY,
        "JWT_DECODE_ISSUER": PARTY,
        "JWT_ENCODE_AUDIENCE": PARTY,
        "JWT_DECODE_AUDIENCE": PARTY,
        "JWT_DECODE_LEEWAY": 10,  # seconds that the clocks of two hosts may differ by
    }


def key_id(secret: str) -> str:
    """Name a signing key without telling it, so that a token says which of two keys signed it."""
    return sha256(b"fcv-mlapi kid" + secret.encode()).hexdigest()[:8]


@jwt.additional_headers_loader
def _headers(_identity: str) -> dict[str, str]:
    return {"kid": key_id(current_app.config["JWT_SECRET_KEY"])}


@jwt.decode_key_loader
def _verification_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    if "type" not in claims:  # flask-jwt-extended would take it for an access token
        raise JWTDecodeError("Missing claim: type")
    previous: str | None = current_app.config["JWT_SECRET_PREVIOUS"]
    current: str = current_app.config["JWT_SECRET_KEY"]
    return previous if previous and header.get("kid") == key_id(previous) else current


@jwt.token_verification_loader
def _complete(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
    """Refuse a token that lacks a claim: without `exp` it would never end, without `jti` it could not be ended."""
    complete = all(claims.get(name) is not None for name in REQUIRED_CLAIMS)
    return complete and type(claims["id"]) is int and 0 < claims["id"] < LARGEST_ID


@jwt.user_lookup_loader
def _account(_header: dict[str, Any], claims: dict[str, Any]) -> Account | None:
    account = find_by_token(claims["id"], claims["sub"], claims["gen"], claims["jti"])
    context = current_request()
    context.account, context.user_id = account, account.id if account else None
    return account


def _refuser(reason: str, challenge: str = 'Bearer error="invalid_token"') -> Callable[..., Response]:
    """Make what answers a token that is refused: always in the same words. Why is for the security log alone."""

    def refuse(*why: Any) -> Response:  # noqa: ANN401 - header and claims where the signature was ours, or a sentence
        claimed = why[1].get("id") if len(why) > 1 else None
        log_event("token-refused", reason=reason, user=claimed if type(claimed) is int else None)
        response = answer("not-authenticated", AUTHENTICATION_FAILED)
        response.headers["WWW-Authenticate"] = challenge
        return response

    return refuse


jwt.unauthorized_loader(_refuser("missing", "Bearer"))
jwt.invalid_token_loader(_refuser("invalid"))
jwt.expired_token_loader(_refuser("expired"))
jwt.revoked_token_loader(_refuser("ended"))
jwt.user_lookup_error_loader(_refuser("ended"))
jwt.token_verification_failed_loader(_refuser("incomplete"))
