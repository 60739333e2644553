"""Whether windows are as old as they would be if their times were read in a wrong time zone."""

from __future__ import annotations

from datetime import timedelta

SOONEST = timedelta(minutes=45)
"""Neighbouring zones are an hour apart; a window that is scored in time is up to 15 minutes old."""
LATEST = timedelta(hours=26)
"""From UTC-12 to UTC+14. What is older is of another day: an export, a test."""


def zone_is_doubtful(age: timedelta) -> bool:
    """Return whether windows of this age were probably read in a wrong time zone. age: negative for the future."""
    return SOONEST <= abs(age) <= LATEST


def hours_off(age: timedelta) -> str:
    """Return an age in words, such as *5.0 hours old*."""
    hours = abs(age) / timedelta(hours=1)
    return f"{hours:.1f} hours {'old' if age > timedelta(0) else 'ahead'}"
