"""More than one host: all state lives in PostgreSQL, so one knows what the other was told."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from hosts import Host, hosts
from postgres import new_database
from scraping import Prometheus, needs_prometheus, scraping

from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import Registry
from fcv_api.metrics import slots
from fcv_api.settings import ROOT


@pytest.fixture(scope="module")
def both(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    """Give two hosts that were started at one moment, on an empty database."""
    with hosts(tmp_path_factory.mktemp("hosts"), new_database(postgres), METRICS_BIND="yes") as both:
        yield both


def who_am_i(host: Host, token: dict[str, str]) -> int:
    return requests.get(f"{host.service.url}/", headers=token, timeout=10).status_code


def predict(host: Host, token: dict[str, str], encounter: dict[str, Any]) -> requests.Response:
    return requests.post(f"{host.service.url}/predict", json=encounter, headers=token, timeout=10)


def workers_seen(host: Host) -> int:
    ready = requests.get(f"{host.service.url}/health/ready", timeout=10).json()
    detail: str = ready["checks"]["workers"]["detail"]
    return detail.count("fcv-sim/2.0.0")


def test_two_hosts_that_start_at_once_on_an_empty_database_migrate_it_once(both: list[Host]) -> None:
    assert [requests.get(f"{host.service.url}/health/ready", timeout=10).status_code for host in both] == [200, 200]
    deadline = time.monotonic() + 20
    while workers_seen(both[0]) < 4:  # each reports soon after it has begun to answer
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_token_of_one_is_good_on_the_other(both: list[Host]) -> None:
    one, other = both
    assert who_am_i(other, one.service.sign_in("ana")) == 200
    assert who_am_i(one, other.service.sign_in("ana")) == 200


def test_wrong_passwords_on_both_count_together(both: list[Host]) -> None:
    both[0].service.sign_in("guessed")
    tried = [
        requests.post(
            f"{both[number % 2].service.url}/auth/token",
            data={"username": "guessed", "password": f"wrong {number}"},
            timeout=20,
        ).status_code
        for number in range(11)
    ]
    assert tried == [401] * 10 + [429]


def test_whoever_is_disabled_on_one_is_out_on_both_at_once(both: list[Host]) -> None:
    one, other = both
    token = one.service.sign_in("bea")
    assert [who_am_i(host, token) for host in both] == [200, 200]
    other.fcv("users", "disable", "bea")
    assert [who_am_i(host, token) for host in both] == [401, 401]


def test_a_logout_on_one_ends_the_token_on_both_at_once(both: list[Host]) -> None:
    one, other = both
    token = one.service.sign_in("carla")
    assert requests.post(f"{other.service.url}/auth/logout", headers=token, timeout=10).status_code == 204
    assert [who_am_i(host, token) for host in both] == [401, 401]


def test_an_activation_on_one_serves_on_both_though_only_one_has_the_model_on_its_disk(
    both: list[Host], encounter: dict[str, Any]
) -> None:
    one, other = both
    shipped = Registry(one.models).artifact("fcv-sim/2.0.0")
    Artifact(replace(shipped.manifest, version="1.2.0"), shipped.flatbuffer).save(one.models / "fcv-sim" / "1.2.0")
    assert "4 workers serve it." in one.fcv("model", "activate", "1.2.0", "--reason", "a test")
    token = one.service.sign_in("dora")
    told = {predict(host, token, encounter).headers["FCV-Model"] for host in both for _ in range(10)}
    assert told == {"fcv-sim/1.2.0"}
    assert "4 workers serve it." in other.fcv("model", "rollback")
    assert predict(one, token, encounter).headers["FCV-Model"] == "fcv-sim/2.0.0"


def test_both_write_one_chain_and_read_each_others_records(both: list[Host], encounter: dict[str, Any]) -> None:
    one, other = both
    token = one.service.sign_in("eva")
    made = [predict(host, token, encounter).headers["Location"] for host in both * 10]
    found = [requests.get(f"{one.service.url}{place}", headers=token, timeout=10).status_code for place in made]
    assert found == [200] * 20
    assert len(set(made)) == 20
    count = len(other.fcv("ledger", "export", "-").splitlines()) - 1
    assert one.fcv("ledger", "verify").startswith(f"{count} records, from 1 to {count}, are as they were recorded.")


@needs_prometheus
def test_prometheus_reads_both_under_load_while_a_worker_dies(
    both: list[Host], encounter: dict[str, Any], tmp_path: Path
) -> None:
    """With the shipped example, rules and dashboard. No label of any series says who asked about whom."""
    token = both[0].service.sign_in("gabriela")
    with scraping(tmp_path, [host.service.environment["FCV_METRICS_BIND"] for host in both]) as prometheus:
        prometheus.wait_for("sum(up)", lambda up: up == 2)
        prometheus.wait_for("count(fcv_worker_live)", lambda live: live == 4)
        before = prometheus.value("sum(fcv_predictions_total)") or 0.0
        for number in range(20):
            if number == 10:  # what it answered in its last second would not be counted
                prometheus.wait_for("sum(fcv_predictions_total)", lambda scored: scored >= before + 10)
                os.kill(slots.holders(counts_of(both[0]))[0], signal.SIGKILL)
            asked = encounter | {"idAtencion": 7_345_678_901 + number}
            deadline = time.monotonic() + 120
            while not is_scored(both[number % 2], token, asked):
                assert time.monotonic() < deadline
                time.sleep(0.1)
        prometheus.wait_for("sum(fcv_worker_starts_total)", lambda starts: starts >= 5)
        prometheus.wait_for("count(fcv_worker_live)", lambda live: live == 4)
        prometheus.wait_for("sum(fcv_predictions_total)", lambda scored: scored >= before + 20)
        assert prometheus.value("max(resets(fcv_requests_total[10m]))") == 0
        assert prometheus.value("min(min_over_time(up[10m]))") == 1
        assert prometheus.value("count(count by (sha256) (fcv_worker_model))") == 1
        assert prometheus.value("max(fcv_ledger_records)") == prometheus.value("min(fcv_ledger_records)")
        for expression in expressions_of_dashboard():
            prometheus.ask("query", query=expression)
        prometheus.wait_for("count(ALERTS) or vector(0)", lambda _: all_rules_are_evaluated(prometheus))
        series = prometheus.ask("series", **{"match[]": '{job="fcv"}'})
        assert len(series) > 100
        assert not any(re.search(r"gabriela|73456789\d\d|MDC_", str(each)) for each in series)


def counts_of(host: Host) -> Path:
    own = host.service.environment
    return slots.folder_of(Path(own["FCV_LOG_DIR"]), own["FCV_BIND"])


def is_scored(host: Host, token: dict[str, str], encounter: dict[str, Any]) -> bool:
    """Ask once. The worker that dies may have taken the connection, or the record's lock."""
    try:
        return predict(host, token, encounter).status_code == 200
    except requests.RequestException:
        return False


def all_rules_are_evaluated(prometheus: Prometheus) -> bool:
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert not any(rule.get("lastError") for rule in rules)
    return len(rules) > 15 and all(rule["health"] == "ok" for rule in rules)


def expressions_of_dashboard() -> list[str]:
    panels = json.loads((ROOT / "deploy" / "grafana.json").read_bytes())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]
