"""How SQLite is opened: so that readers go on while one writes, and nobody gives up at once."""

from __future__ import annotations

import pytest
from conftest import ON_POSTGRESQL
from flask import Flask
from sqlalchemy import text

from fcv_api.extensions import read_transaction


@pytest.mark.skipif(ON_POSTGRESQL, reason="it is SQLite that is looked at")
@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("busy_timeout", 3000), ("synchronous", 1), ("foreign_keys", 1)]
)
def test_every_connection_is_opened_so(app: Flask, pragma: str, value: object) -> None:
    assert app
    with read_transaction() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value
