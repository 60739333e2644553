"""What development prints once the service listens: where it is, and what to try first."""

from __future__ import annotations

import contextlib
import sys

FIRST_STEPS = """
Serving on http://{bind} until Ctrl-C. In a second terminal, from this folder:

  curl -i http://{bind}/auth/create_user -H 'Content-Type: application/json' \\
       -d '{{"username": "ana", "password": "a long passphrase"}}'
  TOKEN=$(curl -s http://{bind}/auth/token -d 'username=ana' -d 'password=a long passphrase' \\
       | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -i http://{bind}/predict -H "Authorization: Bearer $TOKEN" \\
       -H 'Content-Type: application/json' --data-binary @examples/encounter.json

In a browser: http://{bind}/docs for programmers, http://{bind}/ward for people
(whose accounts are made so: .venv/bin/fcv users add NAME --role clinician)
"""
"""What development prints once it listens: lines to copy."""
GUIDE = "All pages of docs/, with a search: http://{bind}/guide (en español: http://{bind}/guide/es/)\n"
"""What it prints besides where `make docs` has built the guide."""


def first_steps(bind: str, *, built: bool) -> str:
    """Return what to try first, and where the guide is if it was built."""
    return "".join(lines.format(bind=bind) for lines in (FIRST_STEPS, GUIDE if built else ""))


def print_first_steps(bind: str, *, built: bool) -> None:
    """Print them. A socket's path and a descriptor have no address to print."""
    if "/" in bind:
        return
    with contextlib.suppress(OSError):  # nobody reads the output: no reason not to serve
        sys.stdout.write(first_steps(bind, built=built) + "\n")
        sys.stdout.flush()
