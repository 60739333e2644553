"""`fcv simulate` and `fcv plot`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from conftest import FIXTURES, MakeSettings

from fcv_api.cli import main
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.training import report
from fcv_api.training.dataset import Horizon
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.training.flow import labelled_cohort
from fcv_api.training.simulate import first_id, simulate
from fcv_api.wire.export import read_cohort
from fcv_api.wire.stays import write_stays
from fcv_api.wire.validation_report import ILL

Run = Any
PNG = b"\x89PNG"


@pytest.fixture
def run(make_settings: MakeSettings) -> Run:
    """Run `fcv` on a database of the test's own."""
    make_settings()

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)

    return run


@pytest.fixture
def two_stays(run: Run, tmp_path: Path) -> tuple[Path, Path]:
    """Simulate two stays, and give their export and their labels."""
    export, labels = tmp_path / "stays.csv", tmp_path / "labels.csv"
    assert run("simulate", "--patients", 2, export, labels).exit_code == 0
    return export, labels


def test_the_same_seed_writes_the_same_files(run: Run, two_stays: tuple[Path, Path], tmp_path: Path) -> None:
    export, labels = tmp_path / "again.csv", tmp_path / "again_labels.csv"
    assert "Wrote 2 simulated stays" in run("simulate", "--patients", 2, export, labels).output
    assert (export.read_bytes(), labels.read_bytes()) == tuple(path.read_bytes() for path in two_stays)
    run("simulate", "--patients", 2, "--seed", 2, export, labels)
    assert export.read_bytes() != two_stays[0].read_bytes()


def test_artefacts_spoil_the_measurements_and_no_label(run: Run, two_stays: tuple[Path, Path], tmp_path: Path) -> None:
    export, labels = tmp_path / "spoilt.csv", tmp_path / "spoilt_labels.csv"
    run("simulate", "--patients", 2, "--artefacts", 1, export, labels)
    assert export.read_bytes() != two_stays[0].read_bytes()
    assert labels.read_bytes() == two_stays[1].read_bytes()


def test_a_simulation_has_the_columns_of_a_wards_export(two_stays: tuple[Path, Path]) -> None:
    headers = [path.read_text("utf-8").partition("\n")[0] for path in two_stays]
    assert headers == ["idAtencion,idSigno,nomSigno,valor,unidad,fecRegistro", "idAtencion,State,onset,sede"]


def test_simulating_into_one_file_is_refused_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    result = run("simulate", "--patients", 1, tmp_path / "a.csv", tmp_path / "a.csv")
    assert (result.exit_code, "cannot be both" in result.output) == (1, True)
    assert not (tmp_path / "a.csv").exists()


def test_plot_draws_one_encounter_of_an_export(run: Run, two_stays: tuple[Path, Path], tmp_path: Path) -> None:
    export, labels = two_stays
    result = run("plot", export, "--encounter", 100_001, "--labels", labels, "-o", tmp_path / "p.png")
    assert "Drew encounter 100001" in result.output
    assert (tmp_path / "p.png").read_bytes().startswith(PNG)


def test_plot_draws_a_request(run: Run, tmp_path: Path) -> None:
    assert run("plot", FIXTURES / "encounter_5501.json", "-o", tmp_path / "p.png").exit_code == 0
    assert (tmp_path / "p.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "has 2 encounters; choose one, such as 100000"),
        (["--encounter", "5"], "has no encounter 5; it has 100000, 100001"),
        (["--encounter", "100000", "--model", "none/1"], "none/1"),
    ],
)
def test_what_plot_cannot_draw_is_one_sentence(
    run: Run, two_stays: tuple[Path, Path], given: list[str], sentence: str
) -> None:
    out = two_stays[0].with_name("p.png")
    result = run("plot", two_stays[0], "-o", out, *given)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split())
    assert not out.exists()


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Simulate a cohort in which every state occurs."""
    folder = tmp_path_factory.mktemp("cohort")
    files = folder / "cohort.parquet", folder / "cohort_labels.parquet"
    assert write_stays(*files, simulate(40, 3, first_id(3))) == 40
    return files


@pytest.mark.usefixtures("few_trees")
def test_evaluate_writes_a_page_and_its_figures(
    run: Run, cohort: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "inline", lambda _figure: "data:,")  # tests/training draws the pictures
    told = run("evaluate", *cohort, "--every", 6, "--out", tmp_path / "report").output
    figures = orjson.loads((tmp_path / "report" / "report.json").read_bytes())
    ill = figures["scorers"][figures["model"]]["auroc"]["ill"]
    assert f"AUROC {ill['value']:.3f} ({ill['low']:.3f} to {ill['high']:.3f})" in told
    assert figures["data"]["patients"] == 40
    assert figures["baselines_fitted_on"] == "the same patients, in five folds"
    assert figures["data"]["origin"] == "simulated"
    assert figures["flow"][0]["reason"] == "kept"
    assert (figures["overlap"], set(figures["events"])) == ({"checked": True, "patients": 0}, set(ILL))
    assert "Evidence of this model" in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_evaluate_refuses_baselines_that_know_the_patients(run: Run, cohort: tuple[Path, Path], tmp_path: Path) -> None:
    given = ("--train", cohort[0], "--train-labels", cohort[1])
    result = run("evaluate", *cohort, "--every", 6, *given, "--out", tmp_path / "report")
    assert (result.exit_code, "baselines would know them already" in result.output) == (1, True)
    assert not (tmp_path / "report").exists()


@pytest.fixture
def knowing(cohort: tuple[Path, Path], make_settings: MakeSettings, tmp_path: Path) -> str:
    """Return a model whose manifest holds the fingerprints of the cohort's patients."""
    settings = make_settings(MODELS_DIR=str(tmp_path / "models"))
    model = tmp_path / "models" / "knowing" / "1.0.0"
    shutil.copytree(SHIPPED_IN / SHIPPED, model)
    learnt = labelled_cohort(read_cohort(*cohort, settings.timezone), Horizon())
    known = Fingerprints.of(learnt).as_manifest()
    manifest = orjson.loads((model / "manifest.json").read_bytes()) | {
        "name": "knowing",
        "version": "1.0.0",
        "learnt_from": known,
    }
    (model / "manifest.json").write_bytes(orjson.dumps(manifest))
    return "knowing/1.0.0"


def test_evaluate_refuses_the_patients_that_the_model_learnt_from(
    run: Run, cohort: tuple[Path, Path], knowing: str, tmp_path: Path
) -> None:
    result = run("evaluate", *cohort, "--model", knowing, "--out", tmp_path / "report")
    assert (result.exit_code, "knowing/1.0.0 learnt from 40 of these patients" in result.output) == (1, True)
    result = run("evaluate", *cohort, "--model", knowing, "--other-hospital", "--out", tmp_path / "report")
    assert "learnt from 40" in result.output  # another hospital's stays do not begin in the same second
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("given", [("evaluate", "--origin"), ("train", "--trained-on")])
def test_simulated_patients_are_no_hospitals(run: Run, two_stays: tuple[Path, Path], given: tuple[str, str]) -> None:
    command, option = given
    name = ["--name", "ours"] if command == "train" else []
    result = run(command, *two_stays, option, "hospital", "--out", two_stays[0].parent / "out", *name)
    assert (result.exit_code, "These patients were simulated" in result.output) == (1, True)
    assert not (two_stays[0].parent / "out").exists()


def test_simulated_patients_of_another_seed_are_others(run: Run, two_stays: tuple[Path, Path], tmp_path: Path) -> None:
    run("simulate", "--patients", 2, "--seed", 2, tmp_path / "e.csv", tmp_path / "l.csv")
    first, second = (set(pd.read_csv(path)["idAtencion"]) for path in (two_stays[1], tmp_path / "l.csv"))
    assert not first & second


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_a_horizon_of_nothing_is_refused_and_no_default_takes_its_place(
    run: Run, two_stays: tuple[Path, Path], command: str
) -> None:
    name = ["--name", "ours"] if command == "train" else []
    result = run(command, *two_stays, "--horizon", 0, "--out", two_stays[0].parent / "out", *name)
    assert (result.exit_code, "'--horizon': 0.0 is not in the range x>0" in result.output) == (2, True)
