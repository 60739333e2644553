"""`fcv drift`: a reference in the manifest, and what is held against it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result
from conftest import BOTH_DATABASES, MakeSettings
from recorded import PREDICTION, REFUSAL, append

from fcv_api.cli import main
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.ledger import record
from fcv_api.ledger.record import Entry
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.training.simulate import Stay, simulate
from fcv_api.wire.stays import write_stays

SATURATION = INDEX_BY_NAME["MDC_PULS_OXIM_SAT_O2"]


@pytest.fixture
def model(make_settings: MakeSettings, tmp_path: Path) -> Path:
    make_settings(MODELS_DIR=str(tmp_path / "models"))
    shutil.copytree(SHIPPED_IN / SHIPPED, tmp_path / "models" / SHIPPED)
    manifest = Artifact.load(tmp_path / "models" / SHIPPED).manifest
    replace(manifest, drift=None).replace_in(tmp_path / "models" / SHIPPED)
    return tmp_path / "models" / SHIPPED


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def export(folder: Path, seed: int, shift: float = 0.0) -> Path:
    def moved(stay: Stay) -> Stay:
        values = stay.values.copy()
        values[:, SATURATION] += shift
        return replace(stay, values=values)

    path = folder / f"export{seed}.parquet"
    write_stays(path, folder / "labels.csv", map(moved, simulate(25, seed, 1)))
    return path


def test_a_reference_is_made_and_the_same_patients_do_not_drift_from_it(model: Path, tmp_path: Path) -> None:
    before = Artifact.load(model).manifest
    first = export(tmp_path, 3)
    assert "has no reference" in run("drift", first, "--model", SHIPPED).output
    assert "the reference is of 25 stays" in run("drift", first, "--model", SHIPPED, "--reference").output
    assert Artifact.load(model).manifest.canonical_sha256 == before.canonical_sha256  # an attestation stays good
    result = run("drift", first, "--model", SHIPPED)
    assert (result.exit_code, result.output.count("no drift seen")) == (0, 19)


def test_a_saturation_that_fell_is_found_and_the_exit_code_says_so(model: Path, tmp_path: Path) -> None:
    assert model
    run("drift", export(tmp_path, 3), "--model", SHIPPED, "--reference")
    result = run("drift", export(tmp_path, 4, shift=-5), "--model", SHIPPED, "--json")
    found = {each["sign"]: each["verdict"] for each in orjson.loads(result.output) if each["what"] == "distribution"}
    assert (result.exit_code, found["MDC_PULS_OXIM_SAT_O2"]) == (1, "large drift")


def test_a_day_or_an_export_is_needed(model: Path) -> None:
    assert model
    assert "Give EXPORT, or --since" in run("drift").output


NOW = datetime.now(UTC).replace(microsecond=0)
LEVELS = np.array([1.5, 85, 2, 170, 75, 85, 96, 37, 18])


class Then(datetime):
    """A fortnight ago, for whoever asks what time it is."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Then:
        return cls.fromtimestamp((NOW - timedelta(days=14)).timestamp(), tz)


def entries(first: int, shift: float = 0.0) -> list[Entry]:
    """Return twelve records of windows and one of a refusal of each of 25 stays. first: the encounter of the first."""
    signs = np.eye(9)[SATURATION] * shift
    found = []
    for stay in range(25):
        dice = np.random.default_rng(stay)
        for _ in range(12):
            raw = LEVELS + signs + stay % 5 + dice.normal(0, 1, (20, 9))
            found.append(PREDICTION._replace(encounter=first + stay, window_raw=raw.tobytes()))
        found.append(REFUSAL._replace(encounter=first + stay, problem="missing-signs"))
    return found


@pytest.fixture
def of_record(empty_database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - its record
    """Record a quiet week a fortnight ago, and one of a saturation that is lower by 5 today."""
    monkeypatch.setenv("FCV_MODELS_DIR", str(tmp_path / "models"))
    shutil.copytree(SHIPPED_IN / SHIPPED, tmp_path / "models" / SHIPPED)
    with monkeypatch.context() as patched:
        patched.setattr(record, "datetime", Then)
        append(entries(100), 0.0)
    append(entries(200, shift=-5), 0.0)


def day(days_ago: int) -> str:
    return f"{NOW - timedelta(days=days_ago):%Y-%m-%d}"


@BOTH_DATABASES
@pytest.mark.usefixtures("of_record")
def test_the_record_since_a_day_is_held_against_a_reference_of_days_before(tmp_path: Path) -> None:
    made = run("drift", "--since", day(20), "--until", day(7), "--model", SHIPPED, "--reference")
    assert "the reference is of 25 stays and 300 windows" in made.output
    reference = Artifact.load(tmp_path / "models" / SHIPPED).manifest.drift
    assert reference is not None
    assert (reference["from"], sum(reference["asked"]), sum(reference["refused"])) == ("record", 325, 25)
    quiet = run("drift", "--since", day(20), "--until", day(7), "--model", SHIPPED)
    assert (quiet.exit_code, quiet.output.count("no drift seen")) == (0, 19)
    result = run("drift", "--since", day(7), "--model", SHIPPED, "--json")
    found = {each["sign"]: each["verdict"] for each in orjson.loads(result.output) if each["what"] == "distribution"}
    assert (result.exit_code, found.pop("MDC_PULS_OXIM_SAT_O2")) == (1, "large drift")
    assert set(found.values()) == {"no drift seen"}


@pytest.mark.usefixtures("of_record")
def test_a_record_of_nobody_since_a_day_makes_no_reference() -> None:
    result = run("drift", "--since", day(-2), "--model", SHIPPED, "--reference")
    assert (result.exit_code != 0, "needs 20 stays at least; there are 0" in result.output) == (True, True)
