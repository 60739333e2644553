"""Where a page leads after a sign-in: only to another page of the ward."""

from __future__ import annotations

import re

WARD = "/ward"
LOCAL = re.compile(r"/ward(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)*")
"""No query, host, backslash, second slash or `..`: nothing that a browser could read as another place's address."""


def way_back(path: str | None) -> str:
    """Return a path of the ward's pages as it stands, and for anything else that of the ward."""
    return path if path and LOCAL.fullmatch(path) else WARD
