"""Instants as text."""

from __future__ import annotations

from datetime import UTC, datetime

from fcv_api.domain.instants import minute, moment_of, utc
from fcv_api.ledger.record import utc_text

AT = 1_709_458_200_000_007


def test_an_instant_is_written_as_the_record_writes_its_times() -> None:
    assert utc(AT) == utc_text(moment_of(AT)) == "2024-03-03T09:30:00.000007Z"


def test_an_instant_is_read_in_utc_and_shown_to_the_minute() -> None:
    assert moment_of(AT) == datetime(2024, 3, 3, 9, 30, 0, 7, UTC)
    assert minute(AT) == "2024-03-03 09:30"
