"""`fcv model attest`: what earns a model its evidence, and everything that does not."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings
from whole_report import whole_report

from fcv_api.cli import main
from fcv_api.domain.evidence import Evidence, TrainedOn
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import SHIPPED_IN

MODEL = "fcv-sim/2.0.0"


class Bench:
    """A model, a report of it, and the files that the report was made from."""

    def __init__(self, folder: Path) -> None:
        """Lay everything out in a folder."""
        self.folder, self.model = folder, folder / "models" / MODEL
        shutil.copytree(SHIPPED_IN / MODEL, self.model)
        self.data, self.outcomes = folder / "export.csv", folder / "labels.csv"
        self.data.write_text("rows of the ward")
        self.outcomes.write_text("what became of them")
        self.report = whole_report(Artifact.load(self.model), self.data, self.outcomes)

    def attest(self, *said: str, report: dict[str, Any] | None = None) -> Result:
        """Run the command with everything that it asks for, and what is said besides."""
        path = self.folder / "report.json"
        path.write_bytes(orjson.dumps(report or self.report))
        given = ["--report", path, "--data", self.data, "--outcomes", self.outcomes, "--signed-by", "Dr. Eva Ruiz"]
        return CliRunner().invoke(main, ["model", "attest", MODEL, *map(str, given), *said])

    @property
    def evidence(self) -> Evidence:
        """What the model's evidence is now."""
        return Artifact.load(self.model).manifest.evidence


@pytest.fixture
def bench(make_settings: MakeSettings, tmp_path: Path) -> Bench:
    """Lay a model, its report and the report's files out."""
    make_settings(MODELS_DIR=str(tmp_path / "models"))
    return Bench(tmp_path)


def changed(report: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a report with another value at a dotted path."""
    found = copy.deepcopy(report)
    *outer, last = path.split(".")
    inner = found
    for name in outer:
        inner = inner[name]
    inner[last] = value
    return found


def test_a_whole_report_of_a_hospital_earns_retrospective_evidence_and_stands_on_the_card(bench: Bench) -> None:
    result = bench.attest()
    assert "Attested fcv-sim/2.0.0: retrospective, signed by Dr. Eva Ruiz." in result.output
    assert "events of cardiac_arrest: 20, under 100: its figures are rough" in result.output
    manifest = Artifact.load(bench.model).manifest
    assert (manifest.evidence, manifest.trained_on) == (Evidence.RETROSPECTIVE, TrainedOn.SIMULATED)
    assert "**Evidence:** retrospective, trained on: simulated." in manifest.card
    shown = CliRunner().invoke(main, ["model", "show", MODEL]).output
    assert "attested:   by Dr. Eva Ruiz at 20" in shown
    assert "signed by Dr. Eva Ruiz" in manifest.card.partition("\n## Evidence\n")[2]
    assert '"model-attested"' in (bench.folder / "logs" / "security.log").read_text("utf-8")


def test_evidence_is_prospective_where_every_window_was_recorded_before_its_outcome(bench: Bench) -> None:
    path = "data.windows_recorded_before_outcome"
    for count, earned in ((8999, Evidence.RETROSPECTIVE), (9000, Evidence.PROSPECTIVE)):
        bench.attest(report=changed(bench.report, path, count))
        assert bench.evidence is earned
    assert Artifact.load(bench.model).manifest.card.count("## Evidence") == 1


def test_production_serves_what_was_attested(bench: Bench, make_settings: MakeSettings) -> None:
    ward = {"ENV": "production", "TIMEZONE": "America/Bogota"}
    make_settings(MODELS_DIR=str(bench.folder / "models"), **ward)
    assert CliRunner().invoke(main, ["db", "upgrade"]).exit_code == 0
    activate = ["model", "activate", MODEL, "--reason", "attested"]
    assert "never validated on real patients" in CliRunner().invoke(main, activate).output
    bench.attest()
    assert "Activated fcv-sim/2.0.0" in CliRunner().invoke(main, activate).output


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("data.origin", "simulated", "data.origin is 'simulated', and only a hospital's patients earn evidence"),
        ("data.origin", "unstated", "data.origin is 'unstated'"),
        ("data", [], "data.origin is None"),
        ("schema", "fcv-report-2", "is no report of the schema fcv-report-1"),
        ("model", "LSTM/1.0.0", "is of LSTM/1.0.0, not of fcv-sim/2.0.0"),
        ("model_sha256", "0" * 64, "it was made for another model of this name"),
        ("manifest_sha256", "0" * 64, "manifest_sha256 is 0000"),
        (
            "events.low_cardiac_output",
            19,
            "nothing can be said of it: low_cardiac_output has 19",
        ),
        ("data.export.sha256", "0" * 64, "export.csv is not the file that the report was made from"),
        ("data.outcomes.sha256", "0" * 64, "labels.csv is not the file that the report was made from"),
        ("data.outcomes", None, "was made from no file of outcomes"),
        ("calibration.cardiac_arrest.slope", None, "misstates calibration.cardiac_arrest.slope: Field may not be null"),
        ("discrimination.cardiac_arrest.auroc.value", 1.2, "misstates discrimination.cardiac_arrest.auroc.value"),
        ("overlap.patients", 3, "misstates overlap.patients"),
        ("flow", [], "misstates flow"),
        ("events.cardiac_arrest", "20", "misstates events.cardiac_arrest"),
    ],
)
def test_what_earns_nothing_is_refused_in_a_sentence_and_changes_nothing(
    bench: Bench, path: str, value: object, sentence: str
) -> None:
    before = (bench.model / "manifest.json").read_bytes()
    result = bench.attest(report=changed(bench.report, path, value))
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert (bench.model / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    "member",
    ["data", "flow", "events", "overlap", "discrimination", "calibration", "sensitivity", "lead_time", "burden"],
)
def test_a_report_without_a_member_is_refused_by_its_name(bench: Bench, member: str) -> None:
    report = {name: value for name, value in bench.report.items() if name != member}
    result = bench.attest(report=report)
    assert result.exit_code == 1
    assert ("data.origin is None" if member == "data" else f"The report lacks {member}.") in result.output


def test_a_file_that_was_changed_since_is_refused(bench: Bench) -> None:
    bench.data.write_text("rows of another ward")
    assert "is not the file that the report was made from" in bench.attest().output
    assert bench.evidence is Evidence.UNVALIDATED


@pytest.mark.parametrize("name", ["", "  ", "Eva\nRuiz", "x" * 201])
def test_nobody_signs_without_a_name(bench: Bench, name: str) -> None:
    assert "must be a person's name" in bench.attest("--signed-by", name).output
    assert bench.evidence is Evidence.UNVALIDATED


def test_the_report_of_what_the_manifest_said_before_earns_nothing(bench: Bench) -> None:
    manifest = orjson.loads((bench.model / "manifest.json").read_bytes())
    (bench.model / "manifest.json").write_bytes(orjson.dumps(manifest | {"horizon_minutes": 120.0}))
    assert "or for what its manifest said before" in bench.attest().output


def test_a_text_that_is_no_report_is_refused(bench: Bench) -> None:
    (bench.folder / "report.json").write_text("{")
    given = ["--report", bench.folder / "report.json", "--data", bench.data, "--signed-by", "Eva"]
    assert "is not JSON" in CliRunner().invoke(main, ["model", "attest", MODEL, *map(str, given)]).output


@pytest.mark.parametrize(
    "command",
    [("model", "import", "m.h5"), ("train", "e.csv", "l.csv", "--name", "ours")],
    ids=lambda command: command[0],
)
def test_no_option_claims_evidence_any_more(bench: Bench, command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*command, "--evidence", "retrospective"])
    assert (result.exit_code, "evidence is earned by `fcv model attest` with a report" in result.output) == (2, True)
    assert list((bench.folder / "models").iterdir()) == [bench.folder / "models" / "fcv-sim"]
