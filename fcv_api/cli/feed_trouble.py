"""What keeps the feed from scoring, in one line when it begins and one when it is over: it is tried each second."""

from __future__ import annotations

import logging
from typing import Any

DISK_FULL = ("SQLITE_FULL", "53100")
"""What SQLite and PostgreSQL call a disk without room."""
ROOM = "the database's disk is full. Nothing is recorded until there is room: docs/incident.md"
TRIED = "it is tried each second. `fcv doctor` says what to do"
log = logging.getLogger("fcv_api")


class Trouble:
    """Says once what is wrong, however often it happens, and once that it is over."""

    def __init__(self) -> None:
        self._said = ""

    def happens(self, error: Exception) -> None:
        """Log what is wrong, unless the same was logged and nothing went well since. Its text may quote a row.

        Where nobody waits for a database that let somebody wait in vain, no cause is known: that is no news.
        """
        cause = _cause(error)
        words = " ".join(filter(None, (type(error).__name__, cause)))
        if not self._said or (cause and words != self._said):
            self._said = words
            log.error("feed: %s: %s", words, ROOM if cause in DISK_FULL else TRIED)

    def is_over(self) -> None:
        """Log that all goes well again, where something was wrong."""
        if self._said:
            log.info("feed: it scores again")
            self._said = ""


def _cause(error: Exception) -> str:
    """Return what a database calls its fault: SQLite's name, or PostgreSQL's code of five characters."""
    driver: Any = getattr(error, "orig", None)
    return getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None) or ""
