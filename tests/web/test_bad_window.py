"""Well-formed rows that make no window: refused with what is missing, and until when."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from conftest import UNTRAINED
from flask.testing import FlaskClient

Body = dict[str, Any]
FIRST, LAST = datetime(2024, 3, 3, 7, 55), datetime(2024, 3, 3, 9, 30)  # noqa: DTZ001 - as sent
SATURATION, TEMPERATURE = "MDC_PULS_OXIM_SAT_O2", "MDC_TEMP"
Post = Callable[[Body], tuple[int, Body]]


@pytest.fixture
def post(http: FlaskClient, token: dict[str, str]) -> Post:
    """Post a body, and give status and answer."""

    def send(body: Body) -> tuple[int, Body]:
        response = http.post("/predict", json=body, headers=token)
        assert response.content_type == (
            "application/json" if response.status_code == 200 else "application/problem+json"
        )
        return response.status_code, json.loads(response.data)

    return send


def spaced(body: Body, step: timedelta) -> Body:
    """Give the same values at instants `step` apart, of which the last stays."""
    instants = sorted(set(body["fecRegistro"].values()), reverse=True)
    moved = {instant: str(LAST - number * step) for number, instant in enumerate(instants)}
    return body | {"fecRegistro": {row: moved[time] for row, time in body["fecRegistro"].items()}}


def until(body: Body, instants: int) -> Body:
    """Keep the first so many instants."""
    kept = sorted(set(body["fecRegistro"].values()))[:instants]
    rows = [row for row, time in body["fecRegistro"].items() if time in kept]
    return body | {
        name: {row: body[name][row] for row in rows} for name in ("idSigno", "nomSigno", "valor", "fecRegistro")
    }


def last_measured(body: Body, sign: str, before: datetime) -> Body:
    """Take a sign out of the window, and add one measurement of it from before."""
    for row, name in body["nomSigno"].items():
        if name == sign:
            body["valor"][row] = None
    row = {"idSigno": None, "nomSigno": sign, "valor": 37.0, "fecRegistro": str(before)}
    return body | {name: body[name] | {"before": cell} for name, cell in row.items()}


@pytest.mark.parametrize(("have", "ready_at"), [(19, "09:30:00"), (15, "09:30:00"), (1, "09:30:00")])
def test_too_few_instants_say_when_there_will_be_enough(post: Post, encounter: Body, have: int, ready_at: str) -> None:
    status, problem = post(until(encounter, have))
    assert (status, problem["type"]) == (422, "/problems/too-few-instants")
    assert (problem["have"], problem["need"], problem["ready_at"]) == (have, 20, f"2024-03-03 {ready_at}")
    assert f"{have} distinct instants" in problem["detail"]
    assert problem["ready_at"] in problem["detail"]


@pytest.mark.parametrize("rows", ["none", "without values"])
def test_no_instants_at_all_have_no_time_to_be_ready_at(post: Post, encounter: Body, rows: str) -> None:
    empty: dict[str, Body] = {
        "none": {"nomSigno": {}, "valor": {}, "fecRegistro": {}, "idSigno": None},
        "without values": {"valor": {}},
    }
    status, problem = post(encounter | empty[rows])
    assert (status, problem["type"]) == (422, "/problems/too-few-instants")
    assert (problem["have"], problem["need"], problem["ready_at"]) == (0, 20, None)


def test_rows_of_other_signs_alone_are_named_and_not_to_be_sent_again(post: Post, encounter: Body) -> None:
    status, problem = post(encounter | {"nomSigno": dict.fromkeys(encounter["nomSigno"], "NOM_BLD_PERF_NDX")})
    assert (status, problem["type"]) == (422, "/problems/no-known-sign")
    assert problem["detail"].startswith("None of 180 rows bears the name of one of the nine signs")
    assert "NOM_BLD_PERF_NDX" in problem["detail"]


def test_many_rows_at_one_instant_are_one_instant(post: Post, encounter: Body) -> None:
    encounter["fecRegistro"] = dict.fromkeys(encounter["fecRegistro"], "2024-03-03 09:30:00")
    status, problem = post(encounter)
    assert (status, problem["have"]) == (422, 1)


@pytest.mark.parametrize(
    ("step", "first", "told"),
    [
        (timedelta(minutes=11), "2024-03-03 06:01:00", "11.0 minutes"),
        (timedelta(days=1), "2024-02-13 09:30:00", "1440.0 minutes"),
    ],
    ids=["over twice", "in 20 days"],
)
def test_a_window_of_a_longer_span_is_refused_with_its_instants_and_its_step(
    post: Post, encounter: Body, step: timedelta, first: str, told: str
) -> None:
    status, problem = post(spaced(encounter, step))
    assert (status, problem["type"]) == (422, "/problems/window-span")
    assert all(part in problem["detail"] for part in (first, "2024-03-03 09:30:00", f"median step {told}"))
    assert (problem["first"], problem["last"]) == (first, "2024-03-03 09:30:00")
    assert problem["median_step_minutes"] == pytest.approx(step / timedelta(minutes=1))


@pytest.mark.parametrize(
    ("step", "have", "ready_at"),
    [(timedelta(seconds=31), 2, "11:00:00"), (timedelta(minutes=2), 8, "10:30:00")],
    ids=["in 10 minutes", "under half"],
)
def test_dense_rows_of_too_short_a_time_are_too_few_slots(
    post: Post, encounter: Body, step: timedelta, have: int, ready_at: str
) -> None:
    status, problem = post(spaced(encounter, step))
    assert (status, problem["type"]) == (422, "/problems/too-few-instants")
    assert (problem["have"], problem["need"], problem["ready_at"]) == (have, 20, f"2024-03-03 {ready_at}")
    assert f"fill {have} slots of 5 minutes; the model reads 20" in problem["detail"]


@pytest.mark.parametrize(
    ("step", "beyond", "problem"),
    [
        (timedelta(minutes=2.5), timedelta(seconds=-1), "/problems/too-few-instants"),
        (timedelta(minutes=10), timedelta(seconds=1), "/problems/window-span"),
    ],
    ids=["half", "twice"],
)
def test_half_and_twice_the_span_are_the_last_that_are_scored_as_sent(
    post: Post, encounter: Body, step: timedelta, beyond: timedelta, problem: str
) -> None:
    assert post(spaced(encounter, step))[0] == 200
    assert post(spaced(encounter, step + beyond))[1]["type"] == problem


def test_a_probe_that_was_off_for_three_hours_is_named_with_its_last_measurement(post: Post, encounter: Body) -> None:
    status, problem = post(last_measured(encounter, SATURATION, LAST - timedelta(hours=3)))
    assert (status, problem["type"]) == (422, "/problems/missing-signs")
    assert f"{SATURATION} (last measured at 2024-03-03 06:30:00)" in problem["detail"]
    assert problem["signs"] == [{"sign": SATURATION, "last_measured": "2024-03-03 06:30:00"}]
    assert "2024-03-03 07:55:00 to 2024-03-03 09:30:00" in problem["detail"]


def test_every_sign_that_is_missing_is_named(post: Post, encounter: Body) -> None:
    encounter["nomSigno"] = {
        row: "MDC_PRESS_BLD" if name in (SATURATION, "MDC_ECG_V_P_C_RATE") else name
        for row, name in encounter["nomSigno"].items()
    }
    status, problem = post(encounter)
    assert (status, problem["type"]) == (422, "/problems/missing-signs")
    assert f"MDC_ECG_V_P_C_RATE (never measured), {SATURATION} (never measured)" in problem["detail"]


@pytest.mark.parametrize("hours", [0.5, 5, 6])
def test_a_temperature_is_carried_for_six_hours(post: Post, encounter: Body, hours: float) -> None:
    assert post(last_measured(encounter, TEMPERATURE, FIRST - timedelta(hours=hours)))[0] == 200


@pytest.mark.parametrize(("hours", "when"), [(7, "00:55:00"), (6.01, "01:54:24")])
def test_an_older_temperature_is_missing(post: Post, encounter: Body, hours: float, when: str) -> None:
    status, problem = post(last_measured(encounter, TEMPERATURE, FIRST - timedelta(hours=hours)))
    assert (status, problem["type"]) == (422, "/problems/missing-signs")
    assert f"{TEMPERATURE} (last measured at 2024-03-03 {when})" in problem["detail"]


@pytest.mark.parametrize("settings", [UNTRAINED], indirect=True, ids=["untrained"])
@pytest.mark.parametrize("sign", ["MDC_LEN_BODY_ACTUAL", "MDC_MASS_BODY_ACTUAL"])
def test_height_and_weight_may_never_have_been_sent(post: Post, encounter: Body, sign: str) -> None:
    wanted = post(encounter)[1]
    encounter["nomSigno"] = {row: name.replace(sign, "OTHER") for row, name in encounter["nomSigno"].items()}
    status, answer = post(encounter)
    assert (status, answer["inferences"]) == (200, wanted["inferences"])  # zeros, as any constant is
    assert [(each["code"], each["sign"]) for each in answer["warnings"][1:]] == [("not_entered", sign)]
