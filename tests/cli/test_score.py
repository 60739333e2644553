"""`fcv score`: a file of many encounters, answered as the service answers, to the last bit."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from conftest import FIXTURES, MakeSettings
from dense_rows import MONITORS, body_of
from flask.testing import FlaskClient

from fcv_api.cli import main
from fcv_api.settings import ROOT
from fcv_api.wire.answer import INFERENCE_KEYS
from fcv_api.wire.example import example_request

AS_A_WARD = {"ENV": "production", "ALLOW_UNVALIDATED_MODEL": "1", "STALE_MINUTES": "0"}
"""Answers that say of an unvalidated model what `fcv score` says."""
LIKE_PRODUCTION = pytest.mark.parametrize("settings", [AS_A_WARD], indirect=True, ids=["production"])
BOGOTA = ZoneInfo("America/Bogota")
HEART_RATE = "MDC_ECG_HEART_RATE"
PLAIN = ["idAtencion", "State", *INFERENCE_KEYS.values()]
Frame = pd.DataFrame
Answer = dict[str, Any]


def score(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["score", "--processes", "1", *map(str, arguments)], catch_exceptions=False)


def rows_of(request: dict[str, Any], number: int) -> Frame:
    columns = {name: pd.Series(cells) for name, cells in request.items() if isinstance(cells, dict)}
    return pd.DataFrame(columns).assign(idAtencion=number)


def messy() -> Frame:
    """Put beds below each other and sort by time: golden ones, and one of each thing that can be wrong."""
    golden = [rows_of(json.loads((FIXTURES / f"encounter_{each}.json").read_bytes()), each) for each in (5501, 5502)]
    example = rows_of(example_request(), 1)
    odd = {
        2: example[example["fecRegistro"] > "2024-03-03 08:00:00"],  # too few instants
        3: example[example["nomSigno"] != "MDC_TTHOR_RESP_RATE"],
        4: example.assign(unidad=(example["nomSigno"] == "MDC_TEMP").map({True: "grados", False: None})),
        5: example.assign(valor=example["valor"].where(example.index != "17", -4.0)),
        6: example.assign(nomSigno="MDC_OTHER"),
        7: example.assign(fecRegistro=example["fecRegistro"].str.replace("2024-03-03 08:00:00", "noon")),
        8: pd.concat([example, example[example["nomSigno"] == "MDC_ECG_HEART_RATE"].assign(valor=50.5)]),
        9: example.assign(valor=example["valor"].where(example["nomSigno"] != "MDC_PULS_OXIM_SAT_O2", 71.5)),
    }
    beds = [*golden, example, *(rows.assign(idAtencion=number) for number, rows in odd.items())]
    columns = ["idAtencion", "idSigno", "nomSigno", "valor", "unidad", "fecRegistro"]
    return pd.concat(beds).sort_values("fecRegistro", kind="stable").reindex(columns=columns).reset_index(drop=True)


def answers(http: FlaskClient, token: dict[str, str], table: Frame) -> dict[int, Answer]:
    """Ask the service for the same rows."""
    body = table.to_csv(index=False).encode()
    response = http.post("/predict/batch", data=body, headers=token | {"Content-Type": "text/csv"})
    return {each["idAtencion"]: each for each in response.get_json()["results"]}


def told(row: dict[str, Any]) -> Answer:
    """Give a row of the output as the service would have answered it."""
    if row["error"]:
        return {"idAtencion": row["idAtencion"], "error": (row["error"], row["detail"])}
    answer = {
        "idAtencion": row["idAtencion"],
        "State": row["State"],
        "inferences": {key: row[key] for key in INFERENCE_KEYS.values()},
    }
    warnings = [each | {"figures": dict(each["figures"])} for each in row["warnings"] or ()]
    return answer | ({"warnings": warnings} if warnings else {})


def comparable(answer: Answer) -> Answer:
    """Give of a problem what the output has of it."""
    if "error" not in answer:
        return answer
    error = answer["error"]
    return {"idAtencion": answer["idAtencion"], "error": (error["type"], error["detail"])}


@LIKE_PRODUCTION
def test_each_encounter_is_answered_as_the_service_answers_to_the_last_bit(
    http: FlaskClient, token: dict[str, str], tmp_path: Path
) -> None:
    table = messy()
    table.to_csv(tmp_path / "in.csv", index=False)
    assert "11 rows" in score(tmp_path / "in.csv", "-o", tmp_path / "out.parquet").output
    found = {row["idAtencion"]: told(row) for row in pq.read_table(tmp_path / "out.parquet").to_pylist()}
    wanted = {number: comparable(each) for number, each in answers(http, token, table).items()}
    assert found == wanted
    codes = {warning["code"] for each in found.values() for warning in each.get("warnings", ())}
    assert codes >= {"unvalidated_model", "unknown_unit", "implausible_value", "conflicting_values", "critical_value"}
    problems = {each["error"][0] for each in found.values() if "error" in each}
    assert problems == {
        "/problems/too-few-instants",
        "/problems/missing-signs",
        "/problems/invalid-rows",
        "/problems/no-known-sign",
    }


@LIKE_PRODUCTION
def test_each_window_is_what_the_service_would_have_answered_at_its_end(
    http: FlaskClient, token: dict[str, str], tmp_path: Path
) -> None:
    late = pd.Timedelta(minutes=30)
    table = messy()[lambda each: ~each["idAtencion"].isin([5501, 5502, 2, 6, 7])]
    more = table.assign(fecRegistro=(pd.to_datetime(table["fecRegistro"]) + late).astype(str), unidad="MDC_DIM_ODD")
    table = pd.concat([table, more])  # more than one window, and units that are unknown later only
    table.to_csv(tmp_path / "in.csv", index=False)
    score(tmp_path / "in.csv", "-o", tmp_path / "out.parquet", "--rolling")
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert {row["idAtencion"]: 0 for row in rows}.keys() == {1, 3, 4, 5, 8, 9}
    for end in sorted({row["last"] for row in rows}):
        shown = str(end.astimezone(BOGOTA).replace(tzinfo=None))
        wanted = answers(http, token, table[table["fecRegistro"] <= shown])
        for row in (row for row in rows if row["last"] == end):
            assert told(row) == comparable(wanted[row["idAtencion"]])


@LIKE_PRODUCTION
def test_dense_rows_are_answered_as_the_service_answers_and_rolling_ends_with_the_same(
    http: FlaskClient, token: dict[str, str], tmp_path: Path
) -> None:
    beds = [rows_of(body_of(monitor.table()), number) for number, monitor in enumerate(MONITORS.values())]
    table = pd.concat(beds).sort_values("fecRegistro", kind="stable")
    table.to_csv(tmp_path / "in.csv", index=False)
    found = []
    for rolling in ([], ["--rolling"]):
        score(tmp_path / "in.csv", "-o", tmp_path / "out.parquet", *rolling)
        rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
        found.append({row["idAtencion"]: told(row) for row in rows})  # of several, the last
    assert found[0] == found[1] == answers(http, token, table)
    codes = [{warning["code"] for warning in each["warnings"]} for each in found[0].values()]
    assert all(each >= {"resampled", "unvalidated_model"} for each in codes)
    early = next(row for row in rows if row["error"] == "/problems/too-few-instants")
    assert (early["first"], early["last"] is None) == (None, False)


@pytest.fixture
def stays(make_settings: MakeSettings, tmp_path: Path) -> Path:
    make_settings()
    export = tmp_path / "stays.csv"
    arguments = ["simulate", "--patients", "12", str(export), str(tmp_path / "labels.csv")]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0
    return export


def by_time(export: Path) -> Frame:
    return pd.read_csv(export).sort_values("fecRegistro", kind="stable")


def test_csv_of_either_dialect_and_parquet_give_the_same_scores(stays: Path, tmp_path: Path) -> None:
    table = by_time(stays)
    times = pd.to_datetime(table["fecRegistro"])
    table.to_csv(tmp_path / "spanish.csv", index=False, sep=";", decimal=",", encoding="utf-8-sig")
    table.to_parquet(tmp_path / "texts.parquet")
    table.assign(fecRegistro=times, nomSigno=table["nomSigno"].astype("category")).to_parquet(
        tmp_path / "typed.parquet"
    )
    zoned = table.assign(fecRegistro=times.dt.tz_localize("America/Bogota"), idSigno=table["idSigno"].astype(float))
    zoned.to_parquet(tmp_path / "zoned.parquet")
    found = []
    for name in ("stays.csv", "spanish.csv", "texts.parquet", "typed.parquet", "zoned.parquet"):
        score(tmp_path / name, "-o", tmp_path / "out.parquet", "--rolling")
        found.append(pq.read_table(tmp_path / "out.parquet"))
    assert len(found[0]) > 500
    assert [each.equals(found[0]) for each in found[1:]] == [True] * 4


def test_csv_is_written_in_the_inputs_dialect_with_the_same_numbers(stays: Path, tmp_path: Path) -> None:
    by_time(stays).to_csv(tmp_path / "spanish.csv", index=False, sep=";", decimal=",")
    score(stays, "-o", tmp_path / "a.parquet")
    score(stays, "-o", tmp_path / "a.csv")
    score(tmp_path / "spanish.csv", "-o", tmp_path / "b.csv")
    wanted = pd.read_parquet(tmp_path / "a.parquet")
    for read in (
        pd.read_csv(tmp_path / "a.csv"),
        pd.read_csv(tmp_path / "b.csv", sep=";", decimal=","),
    ):
        assert read.columns.tolist() == wanted.columns.tolist()
        pd.testing.assert_frame_equal(read[PLAIN], wanted[PLAIN], check_exact=True, check_dtype=False)
        codes = [" ".join(dict.fromkeys(each["code"] for each in row)) for row in wanted["warnings"]]
        assert read["warnings"].tolist() == codes
        assert set(read["model"]) == {"fcv-sim/2.0.0"}


def test_no_cell_of_a_csv_is_a_formula_whatever_the_export_holds(stays: Path, tmp_path: Path) -> None:
    table = pd.read_csv(stays).iloc[:3].assign(nomSigno=["=1+1", "x;=1+1", "@SUM(A1)"])
    table.to_csv(tmp_path / "in.csv", index=False)
    score(tmp_path / "in.csv", "-o", tmp_path / "out.csv")
    (text,) = pd.read_csv(tmp_path / "out.csv")["detail"]
    assert "x;'=1+1" in text
    assert not [cell for cell in re.split(r'[,;"\n]', (tmp_path / "out.csv").read_text()) if cell[:1] in tuple("=+-@")]


def test_the_output_says_which_model_made_it(stays: Path, tmp_path: Path) -> None:
    said = score(stays, "-o", tmp_path / "out.parquet").output
    assert f"Wrote 12 rows to {tmp_path / 'out.parquet'}: 12 scored by fcv-sim/2.0.0, 0 with a problem." in said
    about = pq.read_schema(tmp_path / "out.parquet").metadata
    assert about[b"fcv_model"] == b"fcv-sim/2.0.0"
    manifest = json.loads((ROOT / "models" / "fcv-sim" / "2.0.0" / "manifest.json").read_bytes())
    assert about[b"fcv_model_sha256"].decode() == manifest["sha256"]


FIELD = FIXTURES / "field"


def answered(export: Path, tmp_path: Path) -> list[dict[str, Any]]:
    score(export, "-o", tmp_path / "out.parquet")
    rows: list[dict[str, Any]] = pq.read_table(tmp_path / "out.parquet").to_pylist()
    return rows


@pytest.mark.parametrize(
    ("name", "encounters"),
    [
        ("02-score-glob-brackets/export[1].csv", [1111]),
        ("07-parquet-ns-tz/export.parquet", None),
        ("12-csv-first-line/sep-line.csv", None),
        ("12-csv-first-line/tabs.csv", None),
        ("12-csv-first-line/points.csv", None),
        ("14-parquet-binary-text/export.parquet", None),
    ],
)
def test_what_real_programs_write_is_scored(
    make_settings: MakeSettings, tmp_path: Path, name: str, encounters: list[int] | None
) -> None:
    make_settings()
    rows = answered(FIELD / name, tmp_path)
    assert [row["error"] for row in rows] == [None] * len(rows)
    assert encounters in (None, [row["idAtencion"] for row in rows])


def test_a_name_with_a_blank_at_its_end_is_the_sign(make_settings: MakeSettings, tmp_path: Path) -> None:
    make_settings()
    sent, stripped = FIELD / "01-json-name-trailing-space" / "batch.csv", tmp_path / "stripped.csv"
    written = sent.read_text("utf-8")
    assert written.count(f"{HEART_RATE} ") == 3
    stripped.write_text(written.replace(f"{HEART_RATE} ", HEART_RATE), "utf-8")
    (row,) = answered(sent, tmp_path)
    assert "critical_value" in {each["code"] for each in row["warnings"]}
    assert [row] == answered(stripped, tmp_path)


def test_two_patients_never_become_one_by_rounding(make_settings: MakeSettings, tmp_path: Path) -> None:
    make_settings()
    result = score(FIELD / "04-float-ids-merge-patients" / "float64.parquet", "-o", tmp_path / "out.csv")
    assert result.exit_code == 1
    assert "idAtencion, row 1: is a float too large to say which encounter it is" in result.output
    assert list(tmp_path.glob("out*")) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "out.txt"], "must end in .csv or .parquet"),
        (["-o", "{stays}"], "cannot be both the input and the output"),
        (["-o", "out.csv", "--model", "nobody"], "There is no model 'nobody'"),
        (["-o", "nowhere/out.csv"], "nowhere"),
        (["-o", "out.csv", "--dask", "nonsense://x"], "No Dask scheduler answers at nonsense://x"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    stays: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    result = score(stays, *(each.format(stays=stays) for each in arguments))
    assert result.exit_code == 1
    assert words in result.output
    assert [each for each in sorted(tmp_path.iterdir()) if each not in before and "unfinished" not in each.name] == []


def start(stays: Path, output: Path) -> subprocess.Popen[bytes]:
    arguments = ["score", stays, "-o", output, "--rolling", "--rows", "500", "--processes", "2"]
    command = [sys.executable, "-m", "fcv_api.cli", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_killed_run_is_gone_on_with_and_loses_and_doubles_no_row(stays: Path, tmp_path: Path) -> None:
    score(stays, "-o", tmp_path / "whole.parquet", "--rolling")
    output = tmp_path / "killed.parquet"
    kept = tmp_path / ".killed.parquet.unfinished" / "scores"
    with start(stays, output) as process:
        while not (done := list(kept.glob("*.arrow"))) and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert done
    assert not output.exists()
    refused = score(stays, "-o", output)
    assert "unfinished run with another --rolling" in refused.output
    before = {file.name: file.stat().st_mtime_ns for file in kept.glob("*.arrow")}
    gone_on = score(stays, "-o", output, "--rolling", "--rows", "500")
    assert gone_on.exit_code == 0, gone_on.output
    assert before
    assert pq.read_table(output).equals(pq.read_table(tmp_path / "whole.parquet"))
    assert not kept.parent.exists()
