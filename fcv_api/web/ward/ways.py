"""Where a page leads after a sign-in: only to another page of the ward."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Request

WARD = "/ward"
LOCAL = re.compile(r"/ward(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)*(?:\?ward=[A-Za-z0-9_~.%-]*)?")
"""No host, backslash, second slash or `..`, and one parameter: nothing that a browser could read as another place's."""


def way_back(way: str | None) -> str:
    """Return the address of a page of the ward as it stands, and for anything else that of the ward."""
    return way if way and LOCAL.fullmatch(way) else WARD


def way_of(request: Request) -> str:
    """Return the address of the page that is asked for, with the ward that it shows."""
    ward = request.args.get("ward")
    return request.path if ward is None else f"{request.path}?ward={quote(ward, safe='')}"
