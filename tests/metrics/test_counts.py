"""What a process counts of its own work, and that its labels name nobody."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

import pytest
from conftest import MakeToken
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.ledger.record import Entry
from fcv_api.metrics import state
from fcv_api.metrics.counts import Answered, Counts
from fcv_api.metrics.state import About
from fcv_api.web.requests import Service

LABELS = {
    *("answer", "certificate", "code", "kind", "le", "method", "model", "policy", "process", "reason", "route"),
    *("seen", "sha256", "slot", "source", "state", "status", "verdict", "version", "what"),
}
"""All that there are. None of them is of one patient, person or bed."""
ENCOUNTER, USER, BED, VALUE = 987654321987, "marcadora", "CAMA-MARCADA", 73.0625
MARKS = re.compile(rf"{ENCOUNTER}|{USER}|{BED}|73\.06|{'|'.join(SIGN_NAMES)}")


def samples_of(counts: Counts) -> list[Sample]:
    text = generate_latest(counts.registry).decode()
    return [each for family in text_string_to_metric_families(text) for each in family.samples]


def value(counts: Counts, name: str, **labels: str) -> float | None:
    counts.flush()
    return counts.registry.get_sample_value(name, labels)


@pytest.fixture
def counts(app: Flask) -> Counts:
    """Give what the app counts."""
    service: Service = app.extensions["fcv"]
    return service.counts


def marked(encounter: dict[str, Any]) -> dict[str, Any]:
    values = {row: VALUE if isinstance(value, float) else value for row, value in encounter["valor"].items()}
    return encounter | {"idAtencion": ENCOUNTER, "valor": values}


def test_a_request_is_counted_by_its_template_and_timed(counts: Counts, http: FlaskClient) -> None:
    http.get("/health/live")
    http.get(f"/predictions/{ENCOUNTER}")
    assert value(counts, "fcv_requests_total", route="/health/live", method="GET", status="200") == 1
    assert value(counts, "fcv_requests_total", route="/predictions/<record_id>", method="GET", status="401") == 1
    assert value(counts, "fcv_problems_total", code="not-authenticated") == 1
    assert value(counts, "fcv_request_seconds_count", route="/health/live") == 1


def test_what_nobody_serves_makes_no_labels_of_its_own(counts: Counts, http: FlaskClient) -> None:
    for number in range(3):
        http.open(f"/no/such/{number}", method=f"MADEUP{number}")
    assert value(counts, "fcv_requests_total", route="other", method="other", status="404") == 3


def test_predictions_refusals_and_warnings_are_counted(
    counts: Counts, http: FlaskClient, token: dict[str, str], encounter: dict[str, Any]
) -> None:
    answer = http.post("/predict", json=encounter, headers=token)
    few = dict.fromkeys(encounter["fecRegistro"], "2024-03-03 10:00:00")
    http.post("/predict", json=encounter | {"fecRegistro": few}, headers=token)
    scored = [each for each in samples_of(counts) if each.name == "fcv_predictions_total"]
    assert [(each.labels["model"], each.value) for each in scored] == [("fcv-sim/2.0.0", 1)]
    assert value(counts, "fcv_refusals_total", code="too-few-instants") == 1
    assert value(counts, "fcv_problems_total", code="too-few-instants") == 1
    warned = {each.labels["code"] for each in samples_of(counts) if each.name == "fcv_warnings_total"}
    assert warned == {each["code"] for each in answer.get_json().get("warnings", [])}


@pytest.mark.parametrize("settings", [{"FEED": "on"}], indirect=True)
def test_no_label_holds_an_encounter_a_user_a_bed_or_a_vital_sign(
    counts: Counts, http: FlaskClient, make_token: MakeToken, encounter: dict[str, Any], tmp_path: Path
) -> None:
    body, token = marked(encounter), make_token(USER)
    rows = len(body["valor"])
    http.post("/predict", json=body, headers=token)
    http.post("/predict/batch", json=body | {"idAtencion": dict.fromkeys(body["valor"], ENCOUNTER)}, headers=token)
    lists = {name: list(cells.values()) for name, cells in body.items() if isinstance(cells, dict)}
    beds = lists | {"idAtencion": [ENCOUNTER] * rows, "cama": [BED] * rows}
    stored = http.post("/observations", json=beds, headers=token)
    assert stored.status_code == 200
    for path in (f"/{ENCOUNTER}", f"/ward/beds/{ENCOUNTER}", f"/predictions?idAtencion={ENCOUNTER}"):
        http.get(path, headers=token)
    http.post("/auth/token", data={"username": USER, "password": "wrong"})
    families = state.read(About(feed=True, settle_seconds=30, folder=tmp_path))
    found = samples_of(counts) + [each for family in families for each in family.samples]
    assert len(found) > 100
    assert {name for each in found for name in each.labels} <= LABELS
    assert [each for each in found if MARKS.search(repr(each.labels))] == []
    assert {each.labels["source"] for each in found if "source" in each.labels} == {"api"}


def test_what_the_feed_records_is_counted_as_what_is_answered() -> None:
    counts = Counts()
    scored = Entry(0.0, 1, 7, "", "", model_name="m", model_version="1", state="none_of_these")
    counts.recorded([scored._replace(warnings='[{"code": "filled"}]'), scored._replace(problem="silent")])
    assert value(counts, "fcv_predictions_total", model="m/1", state="none_of_these") == 1
    assert value(counts, "fcv_warnings_total", code="filled") == 1
    assert value(counts, "fcv_refusals_total", code="silent") == 1


def test_apps_of_one_process_count_apart() -> None:
    one, other = Counts(), Counts()
    one.answered(Answered("/predict", "POST", 200, 0.02, None, 2.0))
    assert value(one, "fcv_request_queue_seconds_bucket", route="/predict", le="5.0") == 1
    assert samples_of(other) == []


def test_the_wait_of_a_request_for_its_turn_is_observed(app: Flask, counts: Counts) -> None:
    permits = app.extensions["fcv"].concurrency_limit.permits
    taken = [permits.acquire() for _ in range(4)]
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(lambda: app.test_client().get("/home"))
        deadline = monotonic() + 60
        while not permits._cond._waiters:  # noqa: SLF001
            assert monotonic() < deadline
            sleep(0.01)
        for _ in taken:
            permits.release()
        assert answer.result(60).status_code == 200
    assert value(counts, "fcv_request_queue_seconds_count", route="/home") == 1
    assert app.test_client().get("/home").status_code == 200  # and nobody waits now
    assert value(counts, "fcv_request_queue_seconds_count", route="/home") == 1


@pytest.mark.parametrize("settings", [{"PROXIES": "1"}], indirect=True)
def test_behind_nginx_the_wait_begins_when_nginx_had_the_request(counts: Counts, http: FlaskClient) -> None:
    http.get("/health/live", headers={"X-Request-Start": f"t={time() - 8:.3f}"})
    assert value(counts, "fcv_request_queue_seconds_bucket", route="/health/live", le="5.0") == 0
    assert value(counts, "fcv_request_queue_seconds_count", route="/health/live") == 1
