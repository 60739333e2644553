"""Rows that are denser than the model's steps, over HTTP: answered by slots, said so, recorded, and replayed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from dense_rows import MONITORS, SATURATION, Monitor, body_of
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Body = dict[str, Any]
Headers = dict[str, str]
EACH_MONITOR = pytest.mark.parametrize("monitor", MONITORS.values(), ids=MONITORS)


def post(http: FlaskClient, token: Headers, table: pd.DataFrame) -> TestResponse:
    response = http.post("/predict", json=body_of(table), headers=token)
    assert response.status_code == 200, response.text
    return response


BESIDE = ("undecided", "unvalidated_model")
"""Warnings that are not of the rows."""


@EACH_MONITOR
def test_dense_rows_are_answered_with_a_warning_and_the_ends_of_slots(
    http: FlaskClient, token: Headers, monitor: Monitor
) -> None:
    table = monitor.table()
    response = post(http, token, table)
    newest = table["time"].max()
    assert response.headers["FCV-Window"] == f"{newest - pd.Timedelta(minutes=95)}/{newest}"
    told = [each for each in response.get_json()["warnings"] if each["code"] not in BESIDE]
    assert [(each["code"], each["sign"]) for each in told] == [("resampled", None)]
    assert "20 slots of 5 minutes" in told[0]["detail"]


def test_a_batch_of_dense_beds_equals_single_calls_to_the_last_bit(http: FlaskClient, token: Headers) -> None:
    beds = [monitor.table() for monitor in MONITORS.values()]
    singles = [body_of(table, number) for number, table in enumerate(beds)]
    batch = body_of(pd.concat(beds, ignore_index=True))
    owners = [str(number) for number, table in enumerate(beds) for _ in range(len(table))]
    batch["idAtencion"] = dict(zip(batch["valor"], owners, strict=True))
    wanted = [http.post("/predict", json=single, headers=token).get_json() for single in singles]
    assert http.post("/predict/batch", json=batch, headers=token).get_json() == {"results": wanted, "failed": 0}


def test_a_batch_of_dense_beds_as_csv_names_the_warning(http: FlaskClient, token: Headers) -> None:
    columns = body_of(MONITORS["a row a minute"].table())
    table = pd.DataFrame({name: pd.Series(cells) for name, cells in columns.items() if name != "idAtencion"})
    headers = token | {"Content-Type": "text/csv", "Accept": "text/csv"}
    body = table.assign(idAtencion=5).to_csv(index=False).encode()
    answer = http.post("/predict/batch", data=body, headers=headers)
    assert "resampled" in answer.text.splitlines()[1]


@EACH_MONITOR
def test_a_resampled_window_is_recorded_as_the_model_read_it_and_replayed(
    http: FlaskClient, token: Headers, monitor: Monitor
) -> None:
    table = monitor.table()
    response = post(http, token, table)
    place = response.headers["Location"]
    record = http.get(place, headers=token).get_json()
    newest = table["time"].max()
    slots = table[table["sign"] == SATURATION].set_index("time")["value"]
    slots = slots.resample("300s", closed="right", label="right", origin=newest).last().ffill()
    assert record["values"]["MDC_PULS_OXIM_SAT_O2"] == slots.tail(20).tolist()
    assert record["warnings"] == response.get_json()["warnings"]
    replayed = http.get(f"{place}/replay", headers=token).get_json()
    assert replayed["verdict"] == "equal"


def test_offsets_give_slots_in_utc(http: FlaskClient, token: Headers) -> None:
    table = MONITORS["a row a minute"].table()
    body = body_of(table)
    body["fecRegistro"] = {row: f"{time}-05:00" for row, time in body["fecRegistro"].items()}
    response = http.post("/predict", json=body, headers=token)
    assert response.headers["FCV-Window"].endswith("/2024-03-03 13:59:41.000250+00:00")
