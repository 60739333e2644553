"""How long a sign-in takes must not tell which accounts exist. Prints the medians; FAULTS_SHORT=1 makes it short."""

from __future__ import annotations

import os
import time
from statistics import median

import pytest
from conftest import MakeSettings

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.app import database_app
from fcv_api.cli.db import migrate_database

TRIES, WITHIN = (12, 0.2) if os.environ.get("FAULTS_SHORT") == "1" else (200, 0.05)
PASSWORD = "correct horse battery"


def seconds(username: str, password: str) -> float:
    began = time.perf_counter()
    assert accounts.claim(username).proven_by(password) is None
    return time.perf_counter() - began


def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the cheap hashes of the tests
    settings = make_settings()
    migrate_database(settings)
    with database_app(settings).app_context():
        accounts.create_user("ana", PASSWORD, role=Role.CLIENT, min_length=8)
        pairs = [(seconds("ana", f"wrong {number}"), seconds("nobody", f"wrong {number}")) for number in range(TRIES)]
    known, unknown = (median(each) for each in zip(*pairs, strict=True))
    print(f"\n{TRIES} tries: known {known * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms")
    assert abs(known - unknown) < WITHIN * known
