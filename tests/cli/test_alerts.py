"""`fcv alerts`: what holds, who has seen it, and what a policy would have made of an export and of the record."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from force import POLICY, TEXT, enforce, happened, record, scored

from fcv_api.cli import main
from fcv_api.domain.instants import utc
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN, Registry
from fcv_api.training.simulate import simulate
from fcv_api.wire.alerts import cause_as_wire
from fcv_api.wire.stays import write_stays

SHA256 = Registry(SHIPPED_IN).artifact(SHIPPED).manifest.sha256
Run = Callable[..., Result]


@pytest.fixture
def run(empty_database: None) -> Run:
    """Run `fcv`."""
    assert empty_database is None

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments])

    return run


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give some simulated stays, and what became of them."""
    folder = tmp_path_factory.mktemp("stays")
    files = folder / "export.parquet", folder / "labels.parquet"
    write_stays(*files, simulate(25, seed=7))
    return files


def policy_file(tmp_path: Path, text: str = TEXT) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_what_holds_is_listed_and_seen_and_seeing_ends_nothing(run: Run) -> None:
    assert "No policy is in force: nothing alerts." in run("alerts", "list").output
    enforce()
    record(scored(0, 0.5, warnings=[("critical_value", "MDC_TEMP")]))
    assert (
        "Seen: 1 of encounter 5501."
        in run("alerts", "seen", 5501, "--cause", "Shock_cardiogenico", "--by", "eva").output
    )
    listed = orjson.loads(run("alerts", "list", "--json").output)
    assert listed["policy"] == "ours/1.0.0"
    assert {each["cause"]: each["seen_by"] for each in listed["alerts"]} == {
        "Shock_cardiogenico": "eva",
        "critical_value:MDC_TEMP": None,
    }
    assert listed["alerts"][0]["encounter"] == "5501"
    assert "seen by eva" in run("alerts", "list").output
    missing = run("alerts", "seen", 1)
    assert (missing.exit_code, "No alert of encounter 1 holds" in missing.output) == (1, True)


def test_a_simulation_over_the_record_prints_the_events_that_were_raised_live(run: Run, tmp_path: Path) -> None:
    enforce(model_sha256=SHA256)
    for minute in range(0, 90, 5):
        ill = 0.5 if minute % 30 < 15 else 0.0
        record(*(scored(minute, ill, encounter=number, model_sha256=SHA256) for number in (1, 2)))
    events, table = tmp_path / "events", tmp_path / "table.json"
    done = run("alerts", "simulate", "--policy", policy_file(tmp_path), "--events", events, "--json", table)
    assert done.exit_code == 0, done.output
    assert "No outcomes were given: whom it finds cannot be answered." in done.output
    live = [(encounter, kind, cause_as_wire(cause), utc(at)) for encounter, _, cause, kind, at, _ in happened()]
    assert [tuple(each[name] for name in ("encounter", "kind", "cause", "at")) for each in lines(events)] == live
    assert {kind for _, kind, _, _ in live} == {"raised", "held", "ended"}
    written = orjson.loads(table.read_bytes())
    assert (written["policy"], written["model_sha256"], written["data"]["kind"]) == (str(POLICY), SHA256, "record")
    assert written["figures"]["raised_by_cause"] == {"cardiogenic_shock": 4}


def test_a_simulation_over_an_export_finds_onsets_and_gives_intervals(
    run: Run, export: tuple[Path, Path], tmp_path: Path
) -> None:
    table = tmp_path / "table.json"
    text = TEXT.replace("0.3", "0.05")
    given = ["--policy", policy_file(tmp_path, text), "--json", table, "--event-rate", 0.5, "--at-most", 2]
    done = run("alerts", "simulate", *export, *given)
    assert done.exit_code == 0, done.output
    assert "cannot be answered:" in done.output  # under 20 onsets of a class
    written = orjson.loads(table.read_bytes())
    figures, (point,) = written["figures"], written["operating_points"]
    assert written["data"]["origin"] == "simulated"
    assert figures["stays"] == 25
    assert {"alarms_per_patient_day", "ppv", "ppv_at_0.5_onsets_a_patient_day"} == set(figures["drawn"])
    assert point["figures"]["drawn"]["alarms_per_patient_day"]["value"] <= 2
    assert figures["found"] <= figures["onsets"]


def test_without_outcomes_an_export_tells_the_burden_alone(run: Run, export: tuple[Path, Path], tmp_path: Path) -> None:
    table = tmp_path / "table.json"
    done = run("alerts", "simulate", export[0], "--policy", policy_file(tmp_path), "--json", table)
    assert "whom it finds cannot be answered" in done.output
    assert "sensitivity" not in orjson.loads(table.read_bytes())["figures"]
    refused = run("alerts", "simulate", export[0], "--policy", policy_file(tmp_path), "--at-most", 1)
    assert (refused.exit_code, "it needs outcomes" in refused.output) == (1, True)


def test_fcv_score_says_the_alert_of_each_window(run: Run, export: tuple[Path, Path], tmp_path: Path) -> None:
    policy, events = policy_file(tmp_path, TEXT.replace("0.3", "0.05")), tmp_path / "events"
    run("alerts", "simulate", export[0], "--policy", policy, "--events", events)
    raised = {(each["encounter"], each["at"]) for each in lines(events) if each["kind"] == "raised"}
    out = tmp_path / "out.parquet"
    done = run("score", export[0], "-o", out, "--rolling", "--policy", policy, "--processes", 1)
    assert done.exit_code == 0, done.output
    rows = [row for row in pq.read_table(out).to_pylist() if row["alert"]]
    new = {(row["idAtencion"], utc(int(row["last"].timestamp() * 1e6))) for row in rows if row["alert"]["new"]}
    assert new == raised
    assert {row["alert"]["policy"] for row in rows} == {"ours/1.0.0"}
    assert len(rows) > len(new)
    run("score", export[0], "-o", tmp_path / "out.csv", "--rolling", "--policy", policy, "--processes", 1)
    told = list(csv.DictReader((tmp_path / "out.csv").read_text("utf-8").splitlines()))
    assert sum(row["alert"] != "" for row in told) == len(rows)
    assert sum(row["alert_new"] == "true" for row in told) == len(new)


def test_fcv_score_follows_a_policy_from_window_to_window_alone(
    run: Run, export: tuple[Path, Path], tmp_path: Path
) -> None:
    refused = run("score", export[0], "-o", tmp_path / "o.csv", "--policy", policy_file(tmp_path))
    assert (refused.exit_code, "it needs --rolling" in refused.output) == (2, True)


def test_nothing_to_simulate_over_is_a_sentence(run: Run, tmp_path: Path) -> None:
    done = run("alerts", "simulate", "--policy", policy_file(tmp_path))
    assert (done.exit_code, "no window was scored" in done.output) == (1, True)


def test_a_model_that_a_policy_does_not_read_is_activated_with_a_warning(run: Run) -> None:
    enforce(model_sha256="0" * 64)
    done = run("model", "activate", SHIPPED, "--reason", "try")
    assert "The policy ours/1.0.0 counts the scores of another model" in done.output
