"""Texts that a spreadsheet opens as texts: whatever a client wrote, no cell of ours becomes a formula there."""

from __future__ import annotations

import re

SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""What a formula begins with, also in the width of East Asian letters."""
BEGINS = re.compile(rf"""(^(?=[\t\r\n])|(?:^|[,;|\t\r\n"])(?=[ \xa0]*[{SIGNS}]))""")
"""A spreadsheet that expects another separator begins a cell in the middle of ours, and no quotes keep it together."""


def inert(text: str) -> str:
    """Return a text with an apostrophe before whatever a spreadsheet would take for the beginning of a formula.

    That is `=`, `+`, `-`, `@`, a tab or a line's end (OWASP, CSV Injection). Numbers are no texts: -1.5 stays so.
    """
    return BEGINS.sub(r"\1'", text)
