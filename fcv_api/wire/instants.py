"""Instants as answers hold them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc(at: int) -> str:
    """Write an instant, in microseconds, in UTC with a Z."""
    return f"{(EPOCH + timedelta(microseconds=at)).isoformat(timespec='microseconds')[:-6]}Z"
