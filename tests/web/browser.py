"""A browser of the tests: it keeps cookies, sends what browsers send, and fills in the forms of pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from conftest import PASSWORD
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fcv_api import accounts
from fcv_api.accounts import Account, Role

A_CLICK = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-User": "?1"}
"""What a browser sends with a page that somebody clicked for."""
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@dataclass
class Browser:
    """Opens pages in English, over TLS or not."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=lambda: HTML | {"Accept-Language": "en"})
    base: str = "http://localhost"

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, headers=self.headers | headers, base_url=self.base)

    def post(self, path: str, data: dict[str, str], **headers: str) -> TestResponse:
        """Send a form as it is."""
        given = self.headers | A_CLICK | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, data=data, headers=given, base_url=self.base)

    def token_of(self, path: str, action: str = "/sign-out") -> str:
        """Give the token of a page's form that is sent to an address."""
        form = rf'action="{action}[^"]*">\s*<input type="hidden" name="csrf_token" value="([^"]+)"'
        return str(re.findall(form, self.get(path).text)[0])

    def sign_in(self, path: str = "/sign-in", **fields: str) -> TestResponse:
        """Fill in the form for signing in, and send it."""
        return self.post(path, {"csrf_token": self.token_of("/sign-in", "/sign-in"), **fields})

    def sign_out(self) -> TestResponse:
        """Press the button."""
        return self.post("/sign-out", {"csrf_token": self.token_of("/ward")})

    def cookie(self, name: str = "fcv_session") -> str | None:
        """Give the value of a cookie."""
        found = self.client.get_cookie(name)
        return found.value if found else None


def browser_of(app: Flask, **changed: Any) -> Browser:
    """Give a browser without cookies."""
    return Browser(app.test_client(), **changed)


def person(name: str = "luz", role: Role = Role.CLINICIAN) -> Account:
    """Make an account."""
    return accounts.create_user(name, PASSWORD, role=role, min_length=8)


def signed_in(app: Flask, name: str = "luz", role: Role = Role.CLINICIAN) -> Browser:
    """Give the browser of somebody who has an account and signed in."""
    person(name, role)
    browser = browser_of(app)
    assert browser.sign_in(username=name, password=PASSWORD).status_code == 303
    return browser
