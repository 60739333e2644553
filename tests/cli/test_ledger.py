"""`fcv ledger`: export, purge, stats, verify and replay."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings, MakeToken
from flask.testing import FlaskClient
from recorded import PREDICTION, REFUSAL, append
from sqlalchemy import delete, insert, update

from fcv_api import heads_log
from fcv_api.accounts.system import feed_test_account
from fcv_api.cli import main
from fcv_api.extensions import write_transaction
from fcv_api.ledger import heads, query, retention
from fcv_api.ledger.heads import publish_head
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import digest
from fcv_api.ledger.tables import CheckpointRow, HeadRow, PredictionRow
from fcv_api.settings import ROOT, Settings

Run = Callable[..., Result]
LONG_AGO = "2020-01-01T00:00:00.000000Z"


@pytest.fixture
def run(make_settings: MakeSettings, http: FlaskClient) -> Run:
    """Run `fcv ledger` on the service's database."""
    assert http

    def run(*arguments: str, answer: str = "", **settings: str) -> Result:
        make_settings(**settings)
        return CliRunner().invoke(main, ("ledger", *arguments), input=answer, catch_exceptions=False)

    return run


@pytest.fixture
def predicted(http: FlaskClient, make_token: MakeToken, encounter: dict[str, Any]) -> str:
    """Predict for two encounters, refuse a third, and give the id of the first record."""
    token = make_token("integration")
    first = http.post("/predict", json=encounter, headers=token)
    http.post("/predict", json=encounter | {"idAtencion": 5502}, headers=token)
    http.post("/predict", json=encounter | {"valor": {}}, headers=token)
    return str(first.headers["Location"].rpartition("/")[2])


def change(seq: int, **values: object) -> None:
    with write_transaction() as session:
        session.execute(update(PredictionRow).where(PredictionRow.seq == seq).values(**values))


def test_the_record_is_exported_as_csv_the_oldest_first(run: Run, predicted: str, tmp_path: Path) -> None:
    assert run("export", str(tmp_path / "out.csv")).exit_code == 0
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [each["idAtencion"] for each in rows] == ["5501", "5502", "5501"]
    assert rows[0]["id"] == predicted


def test_the_record_is_exported_with_its_windows_and_by_encounter_and_time(run: Run, predicted: str) -> None:
    assert predicted
    (line,) = run("export", "-", "--format", "jsonl", "--encounter", "5502").stdout.splitlines()
    assert len(json.loads(line)["values"]["MDC_TEMP"]) == 20
    assert run("export", "-", "--format", "jsonl", "--until", "2020-01-01").stdout == ""


def test_records_of_test_beds_are_left_out_unless_they_are_asked_for(run: Run, predicted: str) -> None:
    assert predicted
    append([PREDICTION._replace(user_id=feed_test_account().id, encounter=9)], perf_counter())
    left_out, whole = run("export", "-"), run("export", "-", "--with-test-beds")
    exported = [csv.DictReader(each.stdout.splitlines()) for each in (left_out, whole)]
    assert [any(row["idAtencion"] == "9" for row in each) for each in exported] == [False, True]
    assert "Records of test sources' beds are left out" in left_out.stderr
    assert "left out" not in whole.stderr
    assert "2  equal" in run("replay", "--all").stdout
    assert run("replay", "--all", "--with-test-beds").exit_code == 1  # its model is not here


@pytest.mark.usefixtures("predicted")
def test_an_export_says_how_many_it_wrote_and_writes_over_nothing_unasked(run: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "out.csv")
    assert run("export", file).stderr == "Wrote 3 records.\n"
    before = Path(file).read_bytes()
    refused = run("export", file, "--encounter", "5502")
    assert (refused.exit_code, Path(file).read_bytes()) == (1, before)
    assert "--overwrite" in refused.stderr
    assert run("export", file, "--encounter", "5502", "--overwrite").stderr == "Wrote 1 records.\n"


@pytest.mark.usefixtures("predicted")
def test_the_newest_record_is_printed_for_people_and_for_programs(run: Run) -> None:
    told = run("latest", "--encounter", "5501").stdout
    assert re.search(r"^problem +/problems/", told, re.MULTILINE)
    newest = json.loads(run("latest", "--encounter", "5502", "--json").stdout)
    assert (newest["idAtencion"], newest["problem"]) == (5502, None)
    assert run("latest", "--encounter", "1").stderr == "Error: No record of encounter 1 is there.\n"


@pytest.mark.usefixtures("predicted")
def test_stats_count_and_project(run: Run) -> None:
    told = run("stats").stdout
    assert [line.split()[1] for line in told.splitlines()[:2]] == ["2", "1"]
    assert re.search(r"by fcv-sim/2\.0\.0 +2", told)
    assert "after 400 days" in told


def test_a_purge_deletes_only_what_is_old_asks_first_and_says_what_it_did(run: Run) -> None:
    append([PREDICTION, REFUSAL, PREDICTION], perf_counter())
    assert "Nothing was recorded before" in run("purge", "--yes").stdout
    change(1, at=LONG_AGO)
    change(3, at=LONG_AGO)  # behind a younger one: the chain is cut at its beginning only
    assert run("purge", "--force", answer="n\n").exit_code == 1
    assert len(list(query.stream(Wanted()))) == 3
    assert "Deleted 1 records" in run("purge", "--force", "--by", "eva", answer="y\n").stdout
    assert [each.seq for each in query.stream(Wanted())] == [2, 3]
    assert "by eva" in run("stats").stdout


def test_a_purge_takes_a_tenth_at_most_and_leaves_something_unless_it_is_forced(run: Run) -> None:
    append([PREDICTION] * 20, perf_counter())
    for seq in (1, 2, 3):
        change(seq, at=LONG_AGO)
    refused = run("purge", "--yes")
    assert (refused.exit_code, "3 records would be deleted and 17 would be left" in refused.stderr) == (1, True)
    assert len(list(query.stream(Wanted()))) == 20
    change(3, at="2999-01-01T00:00:00.000000Z")
    assert "Deleted 2 records" in run("purge", "--yes").stdout


def test_a_clock_that_is_401_days_ahead_purges_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=401)

    append([PREDICTION] * 4, perf_counter())
    monkeypatch.setattr(retention, "datetime", Ahead)
    refused = run("purge", "--yes")
    assert (refused.exit_code, "none would be left" in refused.stderr) == (1, True)
    assert "Deleted 4 records" in run("purge", "--yes", "--force").stdout


def test_verify_says_what_it_found_and_names_the_first_that_is_wrong(run: Run) -> None:
    append([PREDICTION] * 4, perf_counter())
    assert publish_head()
    assert "4 records, from 1 to 4, are as they were recorded.\n1 published heads fit." in run("verify").stdout
    change(2, encounter=1)
    result = run("verify")
    assert (result.exit_code, "BROKEN. Record 2 " in result.stderr) == (1, True)


def test_verify_compares_the_heads_of_a_log(run: Run, tmp_path: Path) -> None:
    records = append([PREDICTION] * 4, perf_counter())
    log = tmp_path / "old.log"
    log.write_text(f"2026-11-23 00:33:53,895 , INFO , ledger: head 3 {records[2].hash}\n")
    assert "1 published heads fit" in run("verify", "--log", str(log)).stdout
    log.write_text(f"2026-11-23 00:33:53,895 , INFO , ledger: head 3 {'0' * 64}\n")
    assert "BROKEN. Record 3 is not the one" in run("verify", "--log", str(log)).stderr
    log.write_text("".join(f"2026-11-23 00:33:53,895 , INFO , ledger: head 3 {each * 64}\n" for each in "01"))
    assert "BROKEN. Two different hashes of record 3 " in run("verify", "--log", str(log)).stderr


@pytest.fixture
def logs(settings: Settings, log_file: Path) -> Iterator[list[str]]:
    """Open both logs as the service does, and give the words that name them to `verify`."""
    before = heads.log.handlers[:]
    heads_log.open_log(settings.log_dir)
    yield ["--log", str(log_file), "--log", str(settings.log_dir / "heads.log")]
    for handler in heads.log.handlers:
        handler.close()
    heads.log.handlers[:] = before


def test_a_request_whose_path_holds_a_head_makes_no_false_alarm(run: Run, logs: list[str], http: FlaskClient) -> None:
    append([PREDICTION] * 4, perf_counter())
    publish_head()
    for line in (f"ledger: head 2 {'0' * 64}", f"x\n2026-11-23 00:33:53,895 , INFO , ledger: head 2 {'0' * 64}\n"):
        assert http.get(f"/{quote(line)}").status_code == 404
    assert "\n1 published heads fit" in run("verify", *logs).stdout


def test_a_request_whose_path_holds_a_forged_head_masks_no_forgery(
    run: Run, logs: list[str], http: FlaskClient
) -> None:
    records = append([PREDICTION] * 2, perf_counter())
    publish_head()
    forged = records[1]._replace(encounter=1)
    change(2, encounter=1, hash=digest(forged))
    with write_transaction() as session:
        session.execute(update(HeadRow).values(hash=digest(forged)))
    assert http.get(f"/{quote(f'ledger: head 2 {digest(forged)}')}").status_code == 404
    assert run("verify").exit_code == 0  # a thorough forger: the log alone finds it
    assert "BROKEN. Record 2 is not the one" in run("verify", *logs).stderr


def test_a_real_purge_is_told_from_a_forged_one_by_the_log(run: Run, logs: list[str]) -> None:
    records = append([PREDICTION] * 6, perf_counter())
    publish_head()
    change(1, at=LONG_AGO)
    assert "Deleted 1 records" in run("purge", "--yes", "--force", "--by", "eva").stdout
    assert "1 records were purged on" in run("verify", *logs).stdout
    mark = {"seq": 3, "hash": records[2].hash, "count": 2, "at": LONG_AGO, "by": "eva"}
    with write_transaction() as session:
        session.execute(delete(PredictionRow).where(PredictionRow.seq <= 3))
        session.execute(insert(CheckpointRow).values(mark))
    assert run("verify").exit_code == 0
    forged = "BROKEN. All records up to 3 were purged, and the logs announce a purge up to record 1 only"
    assert forged in run("verify", *logs).stderr
    append([PREDICTION], perf_counter())
    assert publish_head(at_once=True)  # it tells what stands in the database, and witnesses no purge
    assert forged in run("verify", *logs).stderr


def test_one_record_and_all_are_replayed(run: Run, predicted: str) -> None:
    assert f"{predicted}  equal" in run("replay", predicted).stdout
    result = run("replay", "--all")
    assert (result.exit_code, "2  equal" in result.stdout) == (0, True)
    assert "is a refusal (too-few-instants)" in run("replay", list(query.stream(Wanted()))[2].id).stderr
    assert "There is no record" in run("replay", "nobody").stderr
    assert run("replay").exit_code == 2


@pytest.mark.usefixtures("predicted")
def test_a_replay_that_differs_or_lacks_its_model_is_told_with_exit_code_1(run: Run) -> None:
    change(1, probabilities=PREDICTION.probabilities)
    change(2, model_version="9.9.9")
    result = run("replay", "--all")
    assert result.exit_code == 1
    assert "1  different" in result.stdout
    assert "fcv-sim/9.9.9 with sha256" in result.stdout


@pytest.fixture
def candidate(tmp_path: Path) -> str:
    """Put a model of other classes beside the one that answered, and give its folder."""
    folder = tmp_path / "models" / "trial" / "2"
    shutil.copytree(ROOT / "models" / "fcv-sim" / "2.0.0", folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest |= {"name": "trial", "version": "2", "classes": [*manifest["classes"][1:], manifest["classes"][0]]}
    manifest["golden"] = manifest["golden"][:1]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return str(tmp_path / "models")


@pytest.mark.usefixtures("predicted")
def test_another_model_is_tried_on_the_recorded_windows(run: Run, candidate: str) -> None:
    result = run("replay", "--model", "trial", MODELS_DIR=candidate)
    assert "Candidate trial/2 on 2 recorded windows of 2 stays." in result.stdout
    assert "Answered by fcv-sim/2.0.0 (2)" in result.stdout
    assert "nothing can be said of sensitivity, lead time or calibration" in " ".join(result.stdout.split())
    assert "Same state in 0 of 2 windows; Cohen's kappa 0.000." in result.stdout
    assert "2  Sano -> Shock_cardiogenico" in result.stdout
    assert "alarms a patient-day" in result.stdout
    assert "answered: too-few-instants 1" in result.stdout


def test_one_record_is_tried_by_another_model(run: Run, predicted: str, candidate: str) -> None:
    told = run("replay", predicted, "--model", "trial", MODELS_DIR=candidate).stdout
    assert "fcv-sim/2.0.0 said Sano.\ntrial/2 says Shock_cardiogenico." in told


@pytest.mark.usefixtures("predicted")
def test_a_trial_joins_imported_outcomes_and_says_what_they_are_too_few_for(
    run: Run, candidate: str, tmp_path: Path
) -> None:
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text("idAtencion,State,onset\n5501,Shock_cardiogenico,2024-03-03T09:40:00-05:00\n5502,Sano,\n")
    assert CliRunner().invoke(main, ("outcomes", "import", str(outcomes))).exit_code == 0
    told = run("replay", "--model", "trial", "--language", "es", MODELS_DIR=candidate).stdout
    assert re.search(r"comienzos hallados, choque cardiogénico +no se puede responder: menos de 20 eventos \(1\)", told)
    assert not re.search(r"\b(the|of|stays|windows|alarms|told|none)\b", told)
    report = json.loads(run("replay", "--all", "--model", "trial", "--json", MODELS_DIR=candidate).stdout)
    assert (report["schema"], report["events"]["cardiogenic_shock"]) == ("fcv-silent-trial-1", 1)
    assert report["cannot_answer"] == ["cardiac_arrest", "low_cardiac_output", "cardiogenic_shock"]
    assert {row["reason"] for row in report["flow"]} >= {"kept"}


@pytest.mark.usefixtures("predicted")
def test_a_trial_goes_by_the_policy_that_is_named_and_names_the_stays_that_change(
    run: Run, candidate: str, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "ours"\nversion = "1"\nsilence_minutes = 60\n[score]\nthreshold = 0.5\n')
    given = ("replay", "--model", "trial", "--policy", str(policy))
    told = run(*given, MODELS_DIR=candidate).stdout
    assert "Alarms by policy ours/1, over" in told
    assert "Stays with an alarm gained, which the candidate alone would have rung for: 2." in told
    assert re.search(r"5501: first alarm 2024-.+Z, 1 in all; outcome not known", told)
    (at,) = json.loads(run(*given, "--json", MODELS_DIR=candidate).stdout)["alarms"]
    assert [each["encounter"] for each in at["changed"]["gained"]] == ["5501", "5502"]


@pytest.mark.parametrize(
    "given",
    [(), ("--all", "1"), ("--all", "--json"), ("--model", "fcv-sim", "--with-test-beds")],
    ids=["nothing", "both", "no trial", "test beds"],
)
def test_what_makes_no_sense_is_a_usage_error(run: Run, given: tuple[str, ...]) -> None:
    assert run("replay", *given).exit_code == 2
