"""`fcv outcomes import`, and `fcv validate --since` over the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result
from conftest import BOTH_DATABASES
from recorded import PREDICTION, append
from sqlalchemy import update

from fcv_api.cli import main
from fcv_api.extensions import write_transaction
from fcv_api.ledger import stay_outcomes as outcomes
from fcv_api.ledger.record import utc_text
from fcv_api.ledger.tables import PredictionRow
from fcv_api.lstm.registry import SHIPPED
from fcv_api.training.flow import EARLIER

HEAD = "idAtencion,State,onset,idPaciente,estado\n"


@pytest.fixture
def file(tmp_path: Path, empty_database: None) -> Path:  # noqa: ARG001 - the table must be there
    return tmp_path / "outcomes.csv"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def imported(file: Path, *rows: str) -> Result:
    file.write_text(HEAD + "\n".join(rows) + "\n", "utf-8")
    return run("outcomes", "import", file)


def kept() -> dict[tuple[int, str], str | None]:
    return {(each.encounter, each.state): each.onset for each in outcomes.stream()}


@BOTH_DATABASES
def test_importing_twice_changes_nothing(file: Path) -> None:
    row = "1,Shock_cardiogenico,2025-01-01T10:00:00-05:00,,"
    assert "1 new, 0 the same" in imported(file, row).output
    before = list(outcomes.stream())
    assert "0 new, 1 the same" in imported(file, row).output
    assert list(outcomes.stream()) == before
    assert kept() == {(1, "cardiogenic_shock"): "2025-01-01T15:00:00.000000Z"}


def test_another_onset_corrects_and_keeps_when_the_first_word_came(file: Path) -> None:
    imported(file, "1,Arresto_cardiaco,2025-01-01 10:00:00Z,,")
    first = next(iter(outcomes.stream())).known_at
    assert "1 corrected" in imported(file, "1,Arresto_cardiaco,2025-01-01 10:30:00Z,,C").output
    found = next(iter(outcomes.stream()))
    assert (found.onset, found.known_at) == ("2025-01-01T10:30:00.000000Z", first)


@BOTH_DATABASES
def test_an_outcome_is_taken_back_and_may_be_another_then(file: Path) -> None:
    imported(file, "1,Arresto_cardiaco,2025-01-01 10:00:00Z,,", "2,Sano,,,")
    assert "1 taken back" in imported(file, "1,Arresto_cardiaco,,,D").output
    assert kept() == {(2, "none_of_these"): None}
    assert imported(file, "1,Sano,,,").exit_code == 0


def test_bad_rows_are_named_and_all_others_are_kept(file: Path) -> None:
    result = imported(file, "1,Muerto,,,", "2,Sano,,,", "3,Arresto_cardiaco,,,", "4,Sano,,,X")
    assert result.exit_code == 1
    for words in ("row 2: State: must be one of", "row 4: onset: must be a time", "row 5: estado: must be one of"):
        assert words in result.output
    assert kept() == {(2, "none_of_these"): None}


def test_no_stay_has_none_and_another_state(file: Path) -> None:
    result = imported(file, "1,Sano,,,", "1,Arresto_cardiaco,2025-01-01 10:00:00Z,,")
    assert (result.exit_code, "row 3: this stay has Sano and another state" in result.output) == (1, True)
    assert kept() == {(1, "none_of_these"): None}


def test_one_state_with_two_onsets_in_one_file_is_named(file: Path) -> None:
    rows = [f"1,Arresto_cardiaco,2025-01-01 1{hour}:00:00Z,," for hour in (0, 1)]
    assert "row 3: this stay and state are in another row too" in imported(file, *rows).output


def test_a_naive_onset_is_read_in_the_zone_that_is_named(file: Path) -> None:
    file.write_text(HEAD + "1,Arresto_cardiaco,2025-01-01 10:00:00,,\n")
    assert "1 onsets say no offset, and were read in UTC" in run("outcomes", "import", file, "--zone", "UTC").output
    assert kept() == {(1, "cardiac_arrest"): "2025-01-01T10:00:00.000000Z"}
    assert "is no time zone" in run("outcomes", "import", file, "--zone", "Mars").output


def test_a_patients_number_is_hashed(file: Path) -> None:
    imported(file, "1,Sano,,CC-52345678,", "2,Sano,,CC-52345678,")
    patients = {each.patient for each in outcomes.stream()}
    assert len(patients) == 1
    assert all(each and "52345678" not in each for each in patients)


@BOTH_DATABASES
def test_the_record_is_validated_with_imported_outcomes_and_names_what_it_was_made_from(
    file: Path, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    raw = np.random.default_rng(1).normal(50, 5, (20, 9)).tobytes()
    for minutes in range(60, -1, -5):
        end = now - timedelta(minutes=minutes)
        first, last = utc_text(end - timedelta(minutes=95)), utc_text(end)
        whole = PREDICTION._replace(window_first=first, window_last=last, window_raw=raw)
        append([whole._replace(encounter=each) for each in (1, 2)], 0.0)
    append([PREDICTION._replace(encounter=4)], 0.0)
    with write_transaction() as session:  # recorded before the first day that is asked for
        session.execute(update(PredictionRow).where(PredictionRow.encounter == 4).values(at=f"2019{utc_text(now)[4:]}"))
    early = "3,Arresto_cardiaco,2019-05-01T10:00:00Z,,", "4,Sano,,,", "5,Sano,,,"
    imported(file, f"1,Arresto_cardiaco,{(now - timedelta(minutes=9)).isoformat()},,", "2,Sano,,,", *early)
    result = run("validate", "--since", "2020-01-01", "--model", SHIPPED, "--split", "none", "--out", tmp_path / "out")
    assert "it cannot be answered" in result.output
    report = orjson.loads((tmp_path / "out" / "report.json").read_bytes())
    assert (report["data"]["export"]["name"], report["data"]["windows"]) == ("windows.csv", 20)
    assert (tmp_path / "out" / "windows.csv").read_text().count("\n") == 27
    assert report["overlap"]["checked"]
    others = {(row["part"], row["reason"], row["encounters"]) for row in report["flow"] if row["part"] != "measured"}
    assert others == {("set apart", EARLIER, 1), ("lost", "no record", 1)}  # a row for each state


def test_the_record_needs_a_first_day(file: Path, tmp_path: Path) -> None:
    assert file
    assert "Give EXPORT and OUTCOMES, or --since" in run("validate", "--out", tmp_path / "out").output
