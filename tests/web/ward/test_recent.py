"""What a process knows of the record."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

import orjson
import pytest
from conftest import BOTH_DATABASES
from sqlalchemy import text
from ward_beds import now
from wards import MODEL, SCORES, SHARES

from fcv_api.domain.stays import MINUTE
from fcv_api.domain.ward_score import Shows
from fcv_api.extensions import write_transaction
from fcv_api.extensions.cursors import write_cursor
from fcv_api.ledger.record import Entry, append, utc_text
from fcv_api.web.ward import recent as module
from fcv_api.web.ward.recent import Recent, warnings_of

pytestmark = pytest.mark.usefixtures("empty_database")


def record(encounter: int = 1, problem: str | None = None, slot: int | None = None) -> str:
    """Append a record, and return its id."""
    entry = Entry(perf_counter(), encounter, 1, "", "", problem, slot=slot)
    if problem is None:
        shares = orjson.dumps({state.value: share for state, share in SHARES.items()}).decode()
        name, version, sha256 = MODEL
        entry = entry._replace(
            model_name=name,
            model_version=version,
            model_sha256=sha256,
            window_first=utc_text(datetime.now(UTC)),
            window_last=utc_text(datetime.now(UTC)),
            probabilities=shares,
            state="cardiogenic_shock",
            warnings="[]",
        )
    with write_cursor() as cursor:
        return append(cursor, [entry])[0].id


@BOTH_DATABASES
def test_only_what_is_new_is_read() -> None:
    known = Recent()
    first = record()
    known.update(now(), SCORES)
    seq = known.seq
    second = record(problem="missing-signs")
    known.update(now(), SCORES)
    course = known.courses[1]
    assert (known.seq, course.last.id, course.last.problem) == (seq + 1, second, "missing-signs")
    assert (first != second, len(course.points)) == (True, 2)


def test_since_when_a_refused_encounter_was_not_scored_is_known() -> None:
    known = Recent()
    record()
    record(problem="missing-signs")
    for problem in ("missing-signs", "window-span"):
        record(2, problem)
    known.update(now(), SCORES)
    assert [each.since for each in known.courses.values()] == [each.points[0].at for each in known.courses.values()]


def test_a_turn_and_what_a_client_asked_are_told_apart() -> None:
    known = Recent()
    turn = record(slot=now())
    known.update(now(), SCORES)
    assert known.courses[1].is_by_turn
    record()
    known.update(now(), SCORES)
    assert not known.courses[1].is_by_turn
    assert known.courses[1].turn
    assert known.courses[1].turn.id == turn


def test_what_is_over_twelve_hours_old_is_forgotten() -> None:
    known = Recent()
    record()
    known.update(now(), SCORES)
    known.update(now() + 13 * 60 * MINUTE, SCORES)
    assert known.courses == {}


def test_all_is_read_anew_where_something_else_may_be_shown_or_the_database_was_put_back() -> None:
    known = Recent()
    record(1)
    record(2)
    known.update(now(), Shows())
    assert known.courses[1].points[0].risk is None
    known.update(now(), SCORES)
    assert known.courses[1].points[0].risk == pytest.approx(0.91)
    with write_transaction() as session:
        session.execute(text("DELETE FROM predictions WHERE encounter = 2"))
    known.update(now(), SCORES)
    assert set(known.courses) == {1}


def test_patients_for_whom_there_is_no_room_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENCOUNTERS", 2)
    known = Recent()
    for encounter in (1, 2, 3, 3):
        record(encounter)
    known.update(now(), SCORES)
    assert (set(known.courses), known.left_out) == ({1, 2}, {3})


def test_warnings_of_old_records_have_no_spanish_and_no_figures() -> None:
    (warning,) = warnings_of('[{"code": "level", "sign": null, "detail": "as it was"}]')
    assert (warning.detail, warning.detail_es, warning.figures) == ("as it was", "", {})
