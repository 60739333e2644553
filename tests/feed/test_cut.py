"""What is cut from the store is scored as `/predict` scores the same rows."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import numpy as np
import pytest
from fakes import FakeModel
from memory import HEIGHT, MINUTE, NOW, TEMPERATURE, observation, post

from fcv_api import scoring
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import OFFLINE, Prediction
from fcv_api.extensions.cursors import read_cursor
from fcv_api.feed import store
from fcv_api.feed.cut import Cut, cut
from fcv_api.feed.store import Arrival
from fcv_api.wire.batch import BatchSchema
from fcv_api.wire.example import example_request
from fcv_api.wire.observations import ObservationsSchema

pytestmark = pytest.mark.usefixtures("empty_database")
END = np.datetime64(NOW, "us")
HEART_RATE = 1
"""By `vitals.SIGNS`."""


def columns() -> dict[str, Any]:
    """Return the example of `/predict`, which ends now, with its number in each row."""
    request = example_request()
    times = {row: f"{time}Z" for row, time in request["fecRegistro"].items()}
    return request | {"idAtencion": dict.fromkeys(request["valor"], 1), "fecRegistro": times}


def stored(body: dict[str, Any], rows_a_request: int = 50) -> Encounter:
    """Store a body in small requests, and return what `/predict/batch` reads of it."""
    (encounter,) = BatchSchema().load(body).read(UTC)
    assert isinstance(encounter, Encounter)
    rows = list(body["valor"])
    for start in range(0, len(rows), rows_a_request):
        some = rows[start : start + rows_a_request]
        part = {name: {row: cells[row] for row in some} for name, cells in body.items()}
        store.store(ObservationsSchema().load(part).observations(UTC).posted, Arrival("api:ana", NOW, NOW, 12))
    return encounter


def cut_now(encounter: int = 1, end: int = NOW) -> Cut:
    with read_cursor() as cursor:
        return cut(cursor, encounter, end, FakeModel().spec)


def scored(encounter: Encounter, end: np.datetime64 = END) -> tuple[Prediction, FakeModel]:
    model = FakeModel()
    outcome = scoring.assess(encounter, model, OFFLINE, end)
    assert isinstance(outcome, Prediction)
    return outcome, model


def spoil(body: dict[str, Any]) -> None:
    """Let some rows warn: a value beyond the limits, an unknown unit, one that is dangerous, and a gap."""
    body["unidad"] = dict.fromkeys(body["valor"])
    rows = [row for row, name in body["nomSigno"].items() if name == "MDC_ECG_HEART_RATE"]
    body["valor"] |= {rows[3]: 900.0, rows[-1]: 180.0, rows[5]: None}
    body["unidad"] |= {rows[7]: "latidos por hora"}


@pytest.mark.parametrize("spoilt", [False, True])
def test_rows_on_the_grid_are_scored_as_predict_scores_them_to_the_last_bit(*, spoilt: bool) -> None:
    body, model = columns(), FakeModel()
    if spoilt:
        spoil(body)
    encounter = stored(body)
    wanted = scoring.assess(encounter, model)
    found, same = scored(cut_now().encounter)
    assert isinstance(wanted, Prediction)
    assert np.array_equal(found.window.raw, wanted.window.raw)
    assert np.array_equal(found.window.instants, wanted.window.instants)
    assert np.array_equal(same.asked[0], model.asked[0])
    assert found.warnings == wanted.warnings
    assert (len(found.warnings) >= 3) == spoilt


def test_the_slot_that_has_not_ended_is_not_cut_and_one_channel_serves() -> None:
    stored(columns())
    post(observation(60.0, minutes=-1), observation(61.0, channel="1"))
    found, _model = scored(cut_now(end=NOW).encounter)
    assert found.window.raw[-1, HEART_RATE] == columns()["valor"][str(9 * 19 + 1)]
    assert {key.channel for key, _statement, _at in cut_now().used} == {""}


def test_a_deletion_takes_the_value_out_of_the_window() -> None:
    stored(columns())
    post(observation(None, status="D"), now=NOW + MINUTE)
    found, _model = scored(cut_now().encounter)
    assert not found.window.measured[-1, HEART_RATE]


def test_a_value_that_is_dangerous_in_the_middle_of_a_slot_is_warned_of() -> None:
    stored(columns())
    post(observation(20.0, minutes=2), observation(21.0, minutes=1))
    found, _model = scored(cut_now().encounter)
    assert [each.code for each in found.warnings if each.sign == "MDC_ECG_HEART_RATE"] == ["critical_value"]
    assert "resampled" not in [each.code for each in found.warnings]


def test_what_was_used_says_when_each_value_was_received() -> None:
    post(observation(80.0, channel="1"), now=NOW)
    post(observation(81.0, status="C"), now=NOW + MINUTE)
    ((_key, statement, received_at),) = [each for each in cut_now().used if each[0].channel == "1"] or cut_now().used
    assert (statement.value, received_at) == (81.0, NOW + MINUTE)


def test_a_stay_without_observations_is_refused_as_one_without_instants() -> None:
    outcome = scoring.assess(cut_now(7).encounter, FakeModel(), OFFLINE, END)
    assert not isinstance(outcome, Prediction)
    assert outcome.reason.code == "too-few-instants"


def test_a_turn_reads_the_hours_that_its_window_can_use_and_height_however_old() -> None:
    """Of the rest nothing: 195 minutes for the longest window, 10 of silence, and 6 hours for a temperature."""
    body = columns()
    for row, name in body["nomSigno"].items():
        body["valor"][row] = None if name in ("MDC_TEMP", "MDC_LEN_BODY_ACTUAL") else body["valor"][row]
    stored(body)
    post(observation(181.0, minutes=30 * 24 * 60, sign=HEIGHT), observation(37.0, minutes=7.5 * 60, sign=TEMPERATURE))
    before = cut_now()
    post(observation(300.0, minutes=206), observation(40.0, minutes=10 * 60, sign=TEMPERATURE), now=NOW + MINUTE)
    after = cut_now()
    assert after.used == before.used
    assert {(NOW - key.at) / MINUTE for key, _said, _at in after.used if key.sign in (HEIGHT, TEMPERATURE)} == {
        30 * 24 * 60,
        7.5 * 60,
    }
    assert scored(after.encounter)[0].warnings == scored(before.encounter)[0].warnings


def test_older_rows_are_read_where_they_decide_why_a_window_is_refused() -> None:
    times = [*range(0, 60, 5), *range(300, 600, 5)]
    post(*(observation(minutes=minutes) for minutes in times))
    outcome = scoring.assess(cut_now().encounter, FakeModel(), OFFLINE, END)
    assert not isinstance(outcome, Prediction)
    assert outcome.reason.code == "window-span"
