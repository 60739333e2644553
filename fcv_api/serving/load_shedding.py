"""A request that waited too long is refused unread: who asked has given up, and newer ones wait behind it."""

from __future__ import annotations

import re
from time import time

from flask import Flask, g, request

LONGEST = 15.0
BELIEVABLE = 120.0
"""Seconds. nginx gives up after 35: what seems older than this was stamped by a clock that is wrong."""
STAMP = re.compile(r"t=(\d{9,11}\.\d{3})")
"""nginx' `t=$msec`."""
HEALTH = ("/health/live", "/health/ready", "/home")


class WaitedTooLong(Exception):
    """A request came to a worker so late that it was not read."""

    code = "waited-too-long"


def register(app: Flask) -> None:
    """Look at every request of an app behind a trusted proxy. Nobody else's word is taken for when a request came."""
    app.before_request(_refuse_late)


def _refuse_late() -> None:
    stamp = STAMP.fullmatch(request.headers.get("X-Request-Start", ""))
    waited = time() - float(stamp[1]) if stamp else 0.0
    if 0 < waited < BELIEVABLE:
        g.waited = waited  # for the metrics
    if LONGEST < waited < BELIEVABLE and request.path not in HEALTH:
        raise WaitedTooLong(f"The request waited {waited:.0f} s for its turn, and was not read.")
