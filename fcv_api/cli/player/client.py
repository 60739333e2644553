"""A client of the service, of the standard library alone: signs in, posts, and posts again where no answer came."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click
import orjson

from fcv_api.training.gateway import Post
from fcv_api.wire.observation_body import body_of

SECONDS = 30
"""For one answer."""
PATIENCE = 600.0
"""Seconds for which one post is sent again and again, as a gateway would."""
LONGEST_WAIT = 60.0
IDLE = 1.0
"""Seconds after which a connection is opened anew: the service closes idle ones."""
LATER = (429, 502, 503, 504)
FOR_GOOD = "/problems/feed-off"
"""Answered with 503, and no second try will help."""
UNAUTHORIZED, FIRST_ERROR = 401, 400


def seconds_before(attempt: int, asked: float = 0.0) -> float:
    """Return how long to wait after an attempt that failed: twice as long each time. asked: by who answered."""
    return min(max(asked, 0.5 * 2.0 ** min(attempt, 10)), LONGEST_WAIT)


class Unanswered(click.ClickException):
    """The service refused, or did not answer. The message says what it said."""


class Answer(NamedTuple):
    """What the service answered. retry_after: in seconds, 0 where it says nothing."""

    status: int
    retry_after: float
    content: Any

    @property
    def said(self) -> str:
        """What it says is wrong."""
        known = self.content if isinstance(self.content, dict) else {}
        return f"{self.status} {known.get('type', '')}: {known.get('detail', 'no problem of this service')}"

    @property
    def is_for_later(self) -> bool:
        """Whether the same request may be sent again."""
        known = self.content if isinstance(self.content, dict) else {}
        return self.status in LATER and known.get("type") != FOR_GOOD


class Client:
    """One account at one service. retried, signed_in: how often."""

    def __init__(self, url: str, account: tuple[str, str], authority: Path | None = None) -> None:
        """account: its name and password. authority: the certificate authority's file. Raises BadParameter."""
        self._http, self._prefix = _connection(url.rstrip("/"), authority)
        self._account, self._token = account, ""
        self._used = monotonic()
        self.retried = self.signed_in = 0

    def post(self, path: str, body: Any, member: str) -> Any:  # noqa: ANN401 - JSON
        """Return what is answered to a body, signed in: an object that has this member. Raises Unanswered."""
        sent = orjson.dumps(body)
        answer = self._answer(path, sent, self._authorization())
        if answer.status == UNAUTHORIZED:  # the token is 20 minutes old
            self._token = ""
            answer = self._answer(path, sent, self._authorization())
        return _content(answer, member)

    def deliver(self, post: Post) -> dict[str, Any]:
        """Post the rows of a post, and return what is answered. Raises Unanswered."""
        answer: dict[str, Any] = self.post("/observations", body_of([post.posted]), "results")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _authorization(self) -> dict[str, str]:
        if not self._token:
            name, password = self._account
            body = orjson.dumps({"username": name, "password": password})
            self._token = _content(self._answer("/auth/token", body, {}), "access_token")["access_token"]
            self.signed_in += 1
        return {"Authorization": f"Bearer {self._token}"}

    def _answer(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Post, and post the same again while no answer comes or the service asks for it. Raises Unanswered."""
        began = monotonic()
        for attempt in count(1):
            answer, why = self._try(path, body, headers)
            if answer is not None and not answer.is_for_later:
                return answer
            wait = seconds_before(attempt, answer.retry_after if answer else 0.0)
            if monotonic() - began + wait > PATIENCE:
                raise Unanswered(f"No answer in {PATIENCE:.0f} s. The last try: {why}")
            click.echo(f"{why}. The same rows again in {wait:g} s.", err=True)
            self.retried += 1
            sleep(wait)
        raise AssertionError

    def _try(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[Answer | None, str]:
        """Post once. Return the answer, or None, and what is wrong. Raises Unanswered for a certificate."""
        try:
            answer = self._once(path, body, headers)
        except ssl.SSLCertVerificationError as error:
            raise Unanswered(f"The certificate: {error.verify_message}. --ca names the authority's file.") from None
        except (OSError, HTTPException) as error:
            self._http.close()
            return None, f"No answer ({type(error).__name__})"
        return answer, answer.said

    def _once(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if monotonic() - self._used > IDLE:
            self._http.close()
        self._http.request("POST", self._prefix + path, body, {"Content-Type": "application/json", **headers})
        response = self._http.getresponse()
        retry_after, text = response.headers.get("Retry-After", ""), response.read()
        self._used = monotonic()
        try:
            content = orjson.loads(text)
        except orjson.JSONDecodeError:
            content = None
        return Answer(response.status, float(retry_after) if retry_after.isdigit() else 0.0, content)


def _connection(url: str, authority: Path | None) -> tuple[HTTPConnection, str]:
    """Return a connection to an address, not opened yet, and the path before all calls. Raises BadParameter."""
    try:
        address = urlsplit(url)
        scheme, host, port = address.scheme, address.hostname, address.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in ("http", "https") or not host:
        raise click.BadParameter(f"{url} is no address such as https://fcv.hospital.lan.", param_hint="--feed")
    if scheme == "http":
        return HTTPConnection(host, port, timeout=SECONDS), address.path
    context = ssl.create_default_context(cafile=None if authority is None else str(authority))
    return HTTPSConnection(host, port, timeout=SECONDS, context=context), address.path


def _content(answer: Answer, member: str) -> Any:  # noqa: ANN401
    """Return what was answered. Raises Unanswered for what is no answer to what was asked."""
    if answer.status >= FIRST_ERROR:
        raise Unanswered(f"The service refused: {answer.said}")
    if not isinstance(answer.content, dict) or member not in answer.content:
        raise Unanswered(f"What answers is not this service: {answer.status} without {member}. Is the address right?")
    return answer.content
