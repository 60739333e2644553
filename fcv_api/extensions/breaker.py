"""A breaker: after one request has waited in vain, those behind it do not wait one after another for the same."""

from __future__ import annotations

import threading
from time import monotonic

PAUSE = 0.5
"""Seconds for which nobody waits after a failure: how late the service notices at most that the database is back."""
LONGEST_TRIAL = 5.0
"""Seconds after which a trial that has not ended is taken for lost."""


class Breaker:
    """Shuts after a failure. When the pause is over one may try, and the others are refused until it knows."""

    def __init__(self) -> None:
        self._refused_until = 0.0  # 0 while all goes well
        self._lock = threading.Lock()

    def may_try(self) -> bool:
        """Return whether to wait for it now. Whoever may must `settle` afterwards."""
        if not self._refused_until:  # the usual way takes no lock
            return True
        with self._lock:
            now = monotonic()
            if now < self._refused_until:
                return False
            if self._refused_until:
                self._refused_until = now + LONGEST_TRIAL
            return True

    def settle(self, *, failed: bool) -> None:
        """Record how it went."""
        if failed:
            with self._lock:
                self._refused_until = monotonic() + PAUSE
        elif self._refused_until:
            with self._lock:
                self._refused_until = 0.0
