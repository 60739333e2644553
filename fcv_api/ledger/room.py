"""Is there room for another record? A database that answers may have none: its disk may be full."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fcv_api.extensions.cursors import on_sqlite, write_cursor
from fcv_api.ledger.record import Entry, append

LARGE = {True: 65_536, False: 8_192}
"""Bytes, by whether it is SQLite: more than a prediction takes with its indexes. There a prediction writes some eight
pages of 4 kB anew; PostgreSQL keeps what is taken back until it cleans up, so it is given less."""


class _TakenBack(Exception):
    """Rolls a transaction back that did all it should."""


def check_room() -> None:
    """Write more than any prediction does, and take it back. Raises SQLAlchemyError when there is no room for it."""
    with suppress(_TakenBack), write_cursor() as cursor:
        # Random, because PostgreSQL would make next to nothing of zeros.
        window = os.urandom(LARGE[on_sqlite(cursor)])
        with _no_memory(cursor):
            append(cursor, [Entry(0.0, encounter=0, user_id=0, request_id="", body_sha256="", window_raw=window)])
        raise _TakenBack


@contextmanager
def _no_memory(cursor: Any) -> Iterator[None]:  # noqa: ANN401 - a driver's cursor
    """Let SQLite write at once. Else it keeps in memory what is not committed, and the disk is never asked."""
    if not on_sqlite(cursor):
        yield
        return
    pages = cursor.execute("PRAGMA cache_size").fetchone()[0]
    cursor.execute("PRAGMA cache_size=1")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA cache_size={pages}")
