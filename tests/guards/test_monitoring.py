"""What Prometheus and Grafana are given: rules and panels of metrics that exist, and documents that say all."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric

from fcv_api.cli.metrics import registry_of
from fcv_api.metrics.counts import Counts
from fcv_api.metrics.disk import DRIFT, Disk, Places, written
from fcv_api.metrics.queues import Frames
from fcv_api.mllp.site import Queue
from fcv_api.settings import ROOT, Settings

DEPLOY = ROOT / "deploy"
NAME = re.compile(r"\bfcv_[a-z0-9_]+\b")
SUFFIXES = re.compile(r"_(bucket|count|sum|total|created)$")
PAGES = pytest.mark.parametrize("page", ["metrics.md", "metrics.es.md"])
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="prometheus is not installed")
HAS_LABELS = {"row": 0, "timeseries": 1, "stat": 1}


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "alerts.rules.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana.json").read_bytes())["panels"]
    return found


def expressions() -> list[str]:
    own = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    return own + [rule["expr"] for rule in alerts()]


def families(settings: Settings, folder: Path) -> Iterator[Metric]:
    """Return all metrics that there can be."""
    folder.joinpath("a").touch()
    folder.joinpath(DRIFT).write_bytes(written("m/1", []))
    counts = Counts()
    counts.registry.register(Frames(Queue()))
    with registry_of(settings) as read:
        read.register(Disk(Places(folder, folder)))
        for registry in (read, counts.registry):
            yield from registry.collect()


@pytest.fixture
def existing(empty_database: None, settings: Settings, tmp_path: Path) -> set[str]:  # noqa: ARG001
    """Return the names of all metrics, without the endings that Prometheus adds. Two need beds and heads."""
    found = {each.name for each in families(settings, tmp_path)}
    return found | {"fcv_turns_last_slot_age_seconds", "fcv_ledger_head_age_seconds"}


def plain(names: set[str]) -> set[str]:
    return {SUFFIXES.sub("", name) for name in names}


@pytest.mark.parametrize("settings", [{"FEED": "on"}], indirect=True)
def test_rules_and_panels_are_of_metrics_that_exist_and_the_dashboard_shows_all(existing: set[str]) -> None:
    assert plain(set(NAME.findall(" ".join(expressions())))) <= existing
    shown = " ".join(target["expr"] for panel in panels() for target in panel.get("targets", ()))
    assert plain(set(NAME.findall(shown))) == existing


@PAGES
@pytest.mark.parametrize("settings", [{"FEED": "on"}], indirect=True)
def test_every_metric_and_every_alert_is_documented_and_no_other(existing: set[str], page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = [re.findall(r"`([^`]+)`", cells[1]) for cells in (row.split("|") for row in text.splitlines() if "|" in row)]
    named = {name for row in rows for name in row}
    assert plain({name for name in named if name.startswith("fcv_")}) == existing
    assert {name for name in named if name.startswith("Fcv")} == {rule["alert"] for rule in alerts()}


def test_the_dashboard_is_as_grafana_reads_it() -> None:
    """Grafana's own schema is not here: these are the members without which it shows nothing, or panels overlap."""
    board = json.loads((DEPLOY / "grafana.json").read_bytes())
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= board.keys()
    (source,) = board["templating"]["list"]
    assert (source["type"], source["query"], source["name"]) == ("datasource", "prometheus", "datasource")
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        assert bool(panel.get("targets")) == HAS_LABELS[panel["type"]], panel["title"]
        references = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(references)) == len(references)
        given = [panel.get("datasource"), *(target["datasource"] for target in panel.get("targets", ()))]
        assert all(each == {"type": "prometheus", "uid": "${datasource}"} for each in given if each)
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def promtool(*words: str | Path) -> str:
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_promtool_takes_the_example_with_its_rules_and_they_fire_as_they_should() -> None:
    assert f"{len(alerts())} rules found" in promtool("check", "config", DEPLOY / "prometheus.yml")
    tried = yaml.safe_load((DEPLOY / "alerts.test.yml").read_text("utf-8"))["tests"]
    for test in tried:  # one where all fire, and one where none does
        assert {each["alertname"] for each in test["alert_rule_test"]} == {rule["alert"] for rule in alerts()}
    assert [bool(test["alert_rule_test"][0]["exp_alerts"]) for test in tried] == [True, False]
    assert "SUCCESS" in promtool("test", "rules", DEPLOY / "alerts.test.yml")


@needs_promtool
def test_promtool_reads_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [{"record": f"r:{number}", "expr": each} for number, each in enumerate(expressions())]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")
    promtool("check", "rules", file)


def test_nginx_knows_nothing_of_the_metrics_port() -> None:
    text = "".join(file.read_text("utf-8") for file in (DEPLOY / "nginx.conf", *(DEPLOY / "nginx").iterdir()))
    assert "metrics" not in text
    assert "947" not in text


def test_the_example_asks_at_the_ports_that_are_the_default() -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    ports = {
        job["job_name"]: {target.rpartition(":")[2] for each in job["static_configs"] for target in each["targets"]}
        for job in jobs
    }
    defaults = dict(
        re.findall(r"^#(FCV_\w*METRICS_BIND)=\S+:(\d+)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    assert ports == {"fcv": {defaults["FCV_METRICS_BIND"]}, "fcv-feed": {defaults["FCV_FEED_METRICS_BIND"]}}
