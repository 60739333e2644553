"""Observations while the database is away or locked, and of hours that clocks show twice or never."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeToken
from fed import FEED
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError
from test_database_away import database, locked, spoilt, unavailable
from test_observations_over_http import listed, row, table

from fcv_api.domain.stays import SLOT, slot_of
from fcv_api.extensions.cursors import read_cursor, run
from fcv_api.feed.turns import database_now, run_slot
from fcv_api.web import observations

__all__ = ["database"]
TABLES = ("observations", "stays", "placements", "turns", "feed_arrivals", "predictions")


def count() -> list[int]:
    with read_cursor() as cursor:
        return [run(cursor, f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES]


def test_a_locked_database_refuses_a_post_whole_and_takes_it_afterwards(
    http: FlaskClient, token: dict[str, str], make_token: MakeToken, database: Path
) -> None:
    body = table(row(cama="B1"), row(idAtencion=2, minutes=2))
    empty = count()
    with locked(database):
        assert unavailable(http.post("/observations", json=body, headers=token))
    assert count() == empty
    results = http.post("/observations", json=body, headers=token).get_json()["results"]
    assert [each["new"] for each in results] == [1, 1]
    assert len(listed(http, make_token)) == 2


def test_a_database_that_is_away_refuses_posts_and_beds_and_comes_back_without_a_restart(
    http: FlaskClient, token: dict[str, str], make_token: MakeToken, database: Path
) -> None:
    reader = make_token("reader")
    kept = database.rename(database.with_name("kept"))
    spoilt(database, Path.mkdir)
    assert unavailable(http.post("/observations", json=table(row()), headers=token))
    assert unavailable(http.get("/beds", headers=reader))
    database.rmdir()
    kept.rename(database)
    assert http.post("/observations", json=table(row()), headers=token).get_json()["results"][0]["new"] == 1


def test_a_post_that_fails_at_its_last_statement_leaves_nothing_behind(
    http: FlaskClient, token: dict[str, str], database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = count()

    def fail(*_given: Any) -> None:
        raise DBAPIError.instance(None, None, OSError("disk I/O error"), OSError)

    assert database
    monkeypatch.setattr("fcv_api.feed.store.arrivals.write", fail)
    assert http.post("/observations", json=table(row(cama="B1")), headers=token).status_code >= 500
    assert count() == empty


def test_a_run_that_finds_the_database_locked_records_nothing_and_all_afterwards(
    http: FlaskClient, token: dict[str, str], database: Path
) -> None:
    http.post("/observations", json=table(row(minutes=6)), headers=token)
    slot = slot_of(database_now()) - SLOT
    with locked(database), pytest.raises(DBAPIError):
        run_slot(FEED, slot)
    assert count()[-1] == 0
    assert [run_slot(FEED, slot), run_slot(FEED, slot)] == [1, 0]


# Hours that clocks show twice or never ------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"TIMEZONE": "Europe/Madrid"}], indirect=True)
@pytest.mark.parametrize(
    "hour",
    [
        ("2024-10-27T02:10Z", "2024-10-27 02:30:00", "2024-10-27 03:05:00"),
        ("2024-03-31T01:40Z", "2024-03-31 02:30:00", "2024-03-31 03:05:00"),
    ],
    ids=["twice", "never"],
)
def test_a_time_in_a_doubled_or_missing_hour_fails_alone_and_by_its_offset_it_is_taken(
    http: FlaskClient, token: dict[str, str], hour: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, unclear, clear = hour
    moment = round(datetime.fromisoformat(now).timestamp() * 1e9)
    monkeypatch.setattr(observations, "time_ns", lambda: moment)
    body = table(row(fecRegistro=unclear), row(fecRegistro=clear))
    (result,) = http.post("/observations", json=body, headers=token).get_json()["results"]
    assert (result["new"], [each["row"] for each in result["errors"]]) == (1, ["0"])
    assert result["errors"][0]["reason"].startswith("was shown twice or never by clocks in Europe/Madrid")
    offsets = table(*(row(fecRegistro=f"{unclear}{offset}") for offset in ("+02:00", "+01:00")))
    (result,) = http.post("/observations", json=offsets, headers=token).get_json()["results"]
    assert (result["new"], result["errors"]) == (2, [])
