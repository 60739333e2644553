"""Instants as the memory of beds has them, in microseconds since the epoch in UTC, and as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime.fromtimestamp(0, UTC)


def moment_of(at: int) -> datetime:
    """Return an instant with its offset, which is UTC's. at: in microseconds."""
    return EPOCH + timedelta(microseconds=at)


def utc(at: int) -> str:
    """Write an instant in UTC with a Z, as 27 characters. at: in microseconds."""
    return f"{moment_of(at).isoformat(timespec='microseconds')[:-6]}Z"


def minute(at: int) -> str:
    """Write an instant in UTC for people, to the minute. at: in microseconds."""
    return f"{moment_of(at):%Y-%m-%d %H:%M}"
