"""What keeps the feed from scoring is logged once, and that it is over."""

from __future__ import annotations

import logging
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from fcv_api.cli.feed_trouble import ROOM, TRIED, Trouble
from fcv_api.domain.errors import NoModel


def failure(name: str = "") -> OperationalError:
    error = sqlite3.OperationalError("of a row's text")
    if name:
        error.sqlite_errorname = name
    return OperationalError("INSERT", {"id": 5501}, error)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Give what is logged."""
    caplog.set_level(logging.INFO, "fcv_api")
    return caplog


def test_a_full_disk_is_one_line_until_it_is_over(lines: pytest.LogCaptureFixture) -> None:
    trouble = Trouble()
    for error in (failure("SQLITE_FULL"), failure(), failure("SQLITE_FULL")):  # between two, nobody waits
        trouble.happens(error)
    trouble.is_over()
    trouble.is_over()
    assert lines.messages == [f"feed: OperationalError SQLITE_FULL: {ROOM}", "feed: it scores again"]


def test_another_fault_is_another_line_and_none_quotes_a_row(lines: pytest.LogCaptureFixture) -> None:
    trouble = Trouble()
    for error in (NoModel("Not yet."), failure("SQLITE_BUSY"), failure("SQLITE_FULL")):
        trouble.happens(error)
    assert lines.messages == [
        f"feed: NoModel: {TRIED}",
        f"feed: OperationalError SQLITE_BUSY: {TRIED}",
        f"feed: OperationalError SQLITE_FULL: {ROOM}",
    ]
