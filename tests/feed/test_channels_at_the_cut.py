"""Warnings of what the window does not read: other channels, and values that were stored as their mean."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import FakeModel
from memory import MINUTE, NOW, observation, post
from test_cut import columns, cut_now, scored, stored

from fcv_api import scoring
from fcv_api.domain.prediction import Prediction
from fcv_api.domain.words import ScoreWarning

pytestmark = pytest.mark.usefixtures("empty_database")
HEART_RATE, BEAT_RATE = "MDC_ECG_HEART_RATE", "MDC_ECG_CARD_BEAT_RATE"


def critical() -> list[ScoreWarning]:
    found, _model = scored(cut_now().encounter)
    return [each for each in found.warnings if each.code == "critical_value"]


def test_two_successive_dangers_of_another_channel_are_critical_and_name_it() -> None:
    stored(columns())
    post(observation(20.0, minutes=7, channel="2"), observation(21.0, minutes=1, channel="2"))
    (found,) = critical()
    assert found.sign == HEART_RATE
    assert found.figures == {"count": 2, "lowest": 20, "highest": 21, "rows": 3, "low": 30, "high": 170, "channel": "2"}
    assert (
        found.detail
        == f"{HEART_RATE}: 20, 21 /min on channel 2 in the last 3 instants; 30 or less, or 170 or more is critical."
    )
    assert found.detail_es.startswith(f"{HEART_RATE}: 20; 21 /min en el canal 2 en los últimos 3 instantes; ")


def test_a_single_danger_and_dangers_of_two_channels_are_none() -> None:
    stored(columns())
    post(observation(20.0, minutes=7, channel="2"), observation(20.0, minutes=6, channel="3"))
    assert critical() == []


def test_a_value_of_the_same_channel_between_two_dangers_takes_them_apart() -> None:
    stored(columns())
    post(*(observation(value, minutes=minutes, channel="2") for value, minutes in ((20.0, 7), (80.0, 6), (20.0, 5))))
    assert critical() == []


def test_dangers_of_another_channel_before_the_last_three_slots_are_past() -> None:
    stored(columns())
    post(observation(20.0, minutes=17, channel="2"), observation(21.0, minutes=16, channel="2"))
    assert critical() == []
    post(observation(22.0, minutes=14, channel="2"), now=NOW + MINUTE)
    assert [each.figures["count"] for each in critical()] == [1]


def test_a_monitors_own_name_is_a_channel_of_its_own_and_is_named() -> None:
    stored(columns())
    post(*(observation(20.0, minutes=minutes, name=BEAT_RATE) for minutes in (7, 1)))
    (found,) = critical()
    assert (found.figures["channel"], found.figures["name"]) == ("", BEAT_RATE)
    assert f"on a channel without a name ({BEAT_RATE})" in found.detail


def test_a_value_outside_the_hard_limits_is_no_danger_of_another_channel() -> None:
    stored(columns())
    post(*(observation(900.0, minutes=minutes, channel="2", flag="implausible_value") for minutes in (7, 1)))
    assert critical() == []


def test_the_windows_own_channel_is_named_where_it_has_a_name() -> None:
    body = columns()
    body["canal"] = dict.fromkeys(body["valor"], "1.1")
    rows = [row for row, name in body["nomSigno"].items() if name == HEART_RATE]
    body["valor"] |= {rows[-2]: 20.0, rows[-1]: 21.0}
    stored(body)
    (found,) = critical()
    assert found.figures["channel"] == "1.1"
    assert "on channel 1.1 in the last 3" in found.detail


# Flags ------------------------------------------------------------------------------------------------------------


def doubled(*more: tuple[int, Any, str | None]) -> dict[str, Any]:
    """Return the example with rows more of its heart rate: of which instant, with what value and unit."""
    body = columns()
    body["unidad"] = dict.fromkeys(body["valor"])
    rows = [row for row, name in body["nomSigno"].items() if name == HEART_RATE]
    for at, (instant, value, unit) in enumerate(more):
        for name, cells in body.items():
            cells[f"more {at}"] = cells[rows[instant]]
            body[name] = cells
        body["valor"][f"more {at}"], body["unidad"][f"more {at}"] = value, unit
    return body


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ([(-1, 140.0, None)], "conflicting_values"),
        ([(at, 120.0, None) for at in range(-8, 0)], "conflicting_values"),
        ([(-1, 900.0, None), (-1, 901.0, None), (-4, -5.0, None)], "implausible_value"),
        ([(-2, 84.0, "lpm"), (-2, 85.0, "golpes"), (-3, 85.0, "lpm")], "unknown_unit"),
    ],
)
def test_values_that_came_at_once_are_warned_of_as_predict_warns(more: list[Any], code: str) -> None:
    encounter = stored_at_once(doubled(*more))
    wanted = scoring.assess(encounter, FakeModel())
    found, _model = scored(cut_now().encounter)
    assert isinstance(wanted, Prediction)
    assert found.warnings == wanted.warnings
    assert code in [each.code for each in found.warnings]
    assert found.window.raw.tobytes() == wanted.window.raw.tobytes()


def stored_at_once(body: dict[str, Any]) -> Any:
    """Store a body in one request, for only what comes at once is averaged."""
    return stored(body, rows_a_request=len(body["valor"]))


def test_a_height_outside_the_limits_alone_is_warned_of_as_predict_warns() -> None:
    body = columns()
    heights = [row for row, name in body["nomSigno"].items() if name == "MDC_LEN_BODY_ACTUAL"]
    body["valor"] |= dict.fromkeys(heights, 900.0)
    wanted = scoring.assess(stored(body), FakeModel())
    found, _model = scored(cut_now().encounter)
    assert isinstance(wanted, Prediction)
    assert found.warnings == wanted.warnings
    assert "implausible_value" in [each.code for each in found.warnings]
