"""Whether the clock may decide that an observation is too old. All times are in microseconds, UTC.

A clock that jumps ahead would refuse every observation, and delete those that are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MINUTE = 60_000_000
GAP = 60 * MINUTE
"""The clock is doubted when it is so far past the last arrival, and agrees with a message that is nearer."""
AGREEMENT = 3 * MINUTE
FUTURE = 2 * MINUTE
"""An observation that is further ahead than this is refused."""


class Doubt(StrEnum):
    """Why a clock is doubted. Quiet: nothing came for an hour. Agreeing: what comes is near it, not for long yet."""

    QUIET = "quiet"
    CONTRADICTED = "contradicted"
    AGREEING = "agreeing"


@dataclass(frozen=True, slots=True)
class Clock:
    """What arrivals say of the clock. newest_at: of the last arrival. agreeing_since: while it is doubted."""

    newest_at: int
    doubted: bool = False
    agreeing_since: int | None = None

    def after(self, now: int, observed_at: int) -> Clock:
        """Return the clock after an arrival whose newest observation has a time.

        Once doubted, it is trusted again after three minutes of messages whose times are near to it.
        """
        if not (self.doubted or self.is_ahead(now)):
            return Clock(now)
        if abs(now - observed_at) > GAP:
            return Clock(now, doubted=True)
        since = self.agreeing_since
        if since is None or not since <= now:
            since = now
        return Clock(now, now - since < AGREEMENT, None if now - since >= AGREEMENT else since)

    def is_ahead(self, now: int) -> bool:
        """Return whether it is over an hour past the last arrival: after an outage, or a jump."""
        return now - self.newest_at > GAP

    def doubt(self, now: int) -> Doubt | None:
        """Return why what is old by this clock is neither refused nor deleted; None where it is."""
        if self.is_ahead(now):
            return Doubt.QUIET
        if not self.doubted:
            return None
        return Doubt.CONTRADICTED if self.agreeing_since is None else Doubt.AGREEING

    def may_score(self, end: int) -> bool:
        """Return whether a slot may be scored that ends then.

        By a clock that jumped ahead each stay would be silent, and no slot would be scored until the time it showed.
        """
        return not self.is_ahead(end) and (not self.doubted or self.agreeing_since is not None)

    def may_delete(self, now: int) -> bool:
        """Return whether what is old by this clock may be refused and deleted."""
        return self.doubt(now) is None
