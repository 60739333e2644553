"""`fcv validate`: from an export and its outcomes to a page, and to what `fcv model attest` takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings

from fcv_api.cli import main
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.training.simulate import simulate
from fcv_api.wire.stays import write_stays


@pytest.fixture
def files(make_settings: MakeSettings, tmp_path: Path) -> tuple[Path, Path]:
    """Write a few simulated stays, beside a folder of models of the test's own."""
    make_settings(MODELS_DIR=str(tmp_path / "models"))
    shutil.copytree(SHIPPED_IN / SHIPPED, tmp_path / "models" / SHIPPED)
    write_stays(tmp_path / "export.parquet", tmp_path / "outcomes.csv", simulate(10, 3, 1))
    return tmp_path / "export.parquet", tmp_path / "outcomes.csv"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def test_a_few_stays_are_counted_and_cannot_answer(files: tuple[Path, Path], tmp_path: Path) -> None:
    result = run("validate", *files, "--every", 12, "--out", tmp_path / "report")
    assert "it cannot be answered whether fcv-sim/2.0.0 works here" in result.output
    assert "in the early part, for baselines and a refit" in result.output
    assert "Stays: 6 measured, 4 set apart, 0 lost." in result.output
    report = orjson.loads((tmp_path / "report" / "report.json").read_bytes())
    assert (report["schema"], report["data"]["origin"]) == ("fcv-report-1", "simulated")
    assert "<h2>Patients, and what became of them" in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_alarms_go_by_the_policy_that_is_named_and_what_is_too_few_to_answer_is_not_attested(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    policy, report = tmp_path / "policy.toml", tmp_path / "report.json"
    policy.write_text('name = "ours"\nversion = "1"\nsilence_minutes = 60\nwarnings = ["critical_value"]\n')
    run("validate", *files, "--every", 12, "--policy", policy, "--out", tmp_path)
    said = orjson.loads(report.read_bytes())
    assert (said["policy"]["policy"], said["policy"]["warnings"]) == ("ours/1", ["critical_value"])
    assert ([at["policy"] for at in said["alarms"]], len(said["burden"])) == (["ours/1"], 1)
    for page, words in (("report.html", "Alarms go by policy ours/1"), ("report.es.html", "siguen la política ours/1")):
        assert words in (tmp_path / page).read_text("utf-8")
    report.write_bytes(orjson.dumps(said | {"model": "other/1"}))
    given = ("--report", report, "--data", files[0], "--outcomes", files[1], "--signed-by", "Dr. Eva Ruiz")
    assert "data.origin is 'simulated'" in run("model", "attest", SHIPPED, *given).output


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--refit", "slope"), "--refit and --version go together"),
        (("--refit", "slope", "--version", "2.0.0"), "exists; give another --version"),
        (("--refit", "slope", "--version", "2.0.1"), "A refit needs 50 events before the late part"),
        (("--origin", "hospital"), "These patients were simulated"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_nothing(
    files: tuple[Path, Path], tmp_path: Path, given: tuple[str, ...], sentence: str
) -> None:
    result = run("validate", *files, "--every", 12, "--out", tmp_path / "report", *given)
    assert (result.exit_code != 0, sentence in " ".join(result.output.split())) == (True, True)
    assert not (tmp_path / "report").exists()
    assert not (tmp_path / "models" / "fcv-sim" / "2.0.1").exists()
