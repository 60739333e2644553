"""Whether the clock is doubted, in words: while it is, nothing is refused as too old, and nothing is deleted."""

from __future__ import annotations

from dataclasses import dataclass

from fcv_api.domain.arrivals import Clock, Doubt
from fcv_api.domain.instants import minute, utc
from fcv_api.domain.stays import CLOSED_AFTER
from fcv_api.extensions.cursors import read_cursor
from fcv_api.feed import arrivals

MEANWHILE = "Until then nothing is refused as too old, nothing is deleted, and no slot is scored."
DETAILS = {
    Doubt.QUIET: (
        "Nothing has arrived since {newest} UTC, and the clock shows {now} UTC: nobody sends, or the clock jumped "
        "ahead. It is trusted again when rows come whose times are near it."
    ),
    Doubt.CONTRADICTED: (
        "The clock is doubted: it shows {now} UTC, and the rows that came last have times over an hour from that. "
        "It is trusted again after three minutes of rows whose times are near it."
    ),
    Doubt.AGREEING: (
        "The clock was doubted, and rows agree with it since {since}: it is trusted after three minutes of them."
    ),
}
ADVICE = {
    Doubt.QUIET: "Look at what sends, and compare the clock of the database's host with the LAN's time server.",
    Doubt.CONTRADICTED: (
        "Compare the clocks of the database's and the service's hosts with the LAN's time server. Where they are "
        "right, the source's clock or time zone is wrong: see its clock in `fcv feed status`."
    ),
    Doubt.AGREEING: "Nothing: wait. Where it goes on, rows come that disagree: see the clocks in `fcv feed status`.",
}


@dataclass(frozen=True, slots=True)
class Doubted:
    """What keeps the clock from being trusted. detail, advice: sentences. newest_at: of the last arrival.

    is_new: something came in the last 12 hours, so that somebody should look. A service that nobody feeds is none.
    """

    reason: Doubt
    newest_at: int
    detail: str
    advice: str
    is_new: bool


def doubted(now: int) -> Doubted | None:
    """Return why the clock is doubted; None while it is trusted. now: of the database's clock, in microseconds."""
    with read_cursor() as cursor:
        clock = arrivals.read(cursor)
    return None if clock is None else _in_words(clock, now)


def _in_words(clock: Clock, now: int) -> Doubted | None:
    if (reason := clock.doubt(now)) is None:
        return None
    since = "" if clock.agreeing_since is None else f"{utc(clock.agreeing_since)[11:19]} UTC"
    detail = DETAILS[reason].format(newest=minute(clock.newest_at), now=minute(now), since=since)
    if reason is not Doubt.AGREEING:
        detail = f"{detail} {MEANWHILE}"
    is_new = reason is not Doubt.AGREEING and now - clock.newest_at < CLOSED_AFTER
    return Doubted(reason, clock.newest_at, detail, ADVICE[reason], is_new)
