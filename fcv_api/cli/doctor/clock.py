"""`fcv doctor`: whether this host's clock can be right, without asking the internet."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from fcv_api.cli.doctor.database import can_be_asked
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place
from fcv_api.domain.zones import hours_off, zone_is_doubtful
from fcv_api.extensions import read_transaction
from fcv_api.ledger import query
from fcv_api.ledger.ages import usual_age

UNSYNCHRONISED_FROM = 16_000_000
"""Microseconds of the kernel's largest error from which systemd, and so `timedatectl`, calls a clock unsynchronised."""
TIMEX_BYTES, MAXERROR_AT = 512, 24
APART, TOKENS_BREAK = timedelta(seconds=2), timedelta(seconds=10)
LONG_SILENCE = timedelta(days=1)
SET_CLOCK = "Set the clock, and let it follow the LAN's time server: `timedatectl` says whether it does."


def check_clock() -> Iterator[Finding]:
    """Look at the clock itself: what needs no settings."""
    now, newest = datetime.now(UTC), datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    if now < newest - timedelta(days=1):
        detail = f"It shows {now:%Y-%m-%d %H:%M} UTC, and this program was installed on {newest:%Y-%m-%d}."
        yield Finding("clock", FAILED, detail, SET_CLOCK)
        return
    synchronised = is_synchronised()
    if synchronised is False:
        detail = "The kernel says that nothing keeps this host's clock right."
        yield Finding("clock", WARNING, detail, SET_CLOCK)
    else:
        words = (
            "and a time server keeps it right" if synchronised else "and whether one keeps it right is not known here"
        )
        yield Finding("clock", OK, f"It shows {now:%Y-%m-%d %H:%M:%S} UTC, {words}.")


def check_zone(place: Place) -> Iterator[Finding]:
    """Compare it with the database's server and with the newest record; and say what time it is at the beds."""
    zone = place.settings.timezone
    if not place.settings.production and "FCV_TIMEZONE" not in os.environ:
        yield Finding("clock", WARNING, f"FCV_TIMEZONE is not set, so {zone} is used.", "Set it to the monitors' zone.")
    words = f"In {zone} it is {datetime.now(zone):%H:%M}: the monitors' clocks should show the same."
    yield Finding("clock", OK, words)
    if not can_be_asked(place.settings):
        return
    try:
        yield from _database()
    except SQLAlchemyError:
        return  # the check of the database says it


def _database() -> Iterator[Finding]:
    with read_transaction() as connection:
        before = datetime.now(UTC)
        server = connection.dialect.name == "postgresql"
        shown: datetime = connection.scalar(text("SELECT clock_timestamp()")) if server else before
    apart = abs(shown - before)
    if apart > APART:
        status = FAILED if apart > TOKENS_BREAK else WARNING
        detail = f"The database's host shows another time than this one: {apart.total_seconds():,.0f} s apart."
        yield Finding("clock", status, detail, "Let both hosts follow one time server.")
    yield from _newest_record(before)
    age = usual_age(before)
    if age is not None and zone_is_doubtful(age):
        advice = "Compare FCV_TIMEZONE, or the zone in the sources file, with what the monitors' clocks show."
        detail = f"The windows of the last hour are {hours_off(age)}: the time zone is probably wrong."
        yield Finding("clock", WARNING, detail, advice)


def _newest_record(now: datetime) -> Iterator[Finding]:
    last = query.newest_at()
    if last and last > now + TOKENS_BREAK:
        detail = f"The newest record is of {last:%Y-%m-%dT%H:%M:%S} UTC, later than this host's clock."
        yield Finding("clock", FAILED, detail, SET_CLOCK)
    elif last and last < now - LONG_SILENCE:
        days = (now - last).days
        detail = f"The newest record is of {last:%Y-%m-%dT%H:%M:%S} UTC, {days} days before this host's clock."
        advice = "See whether the clock is ahead; if it is right, nobody has asked for a prediction since."
        yield Finding("clock", WARNING, detail, advice)


def is_synchronised() -> bool | None:
    """Ask the kernel as systemd does (adjtimex, changing nothing). None where it cannot be asked."""
    if not sys.platform.startswith("linux") or ctypes.sizeof(ctypes.c_long) != 8:  # noqa: PLR2004 - another layout
        return None
    timex = ctypes.create_string_buffer(TIMEX_BYTES)  # `modes` 0: only read
    if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
        return None
    (largest_error,) = struct.unpack_from("l", timex, MAXERROR_AT)
    return bool(largest_error < UNSYNCHRONISED_FROM)
