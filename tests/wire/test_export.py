"""Exports and labels in files: what is written is read again, and what is wrong is one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import State
from fcv_api.domain.window import History
from fcv_api.wire.export import read_cohort, read_export, read_labels
from fcv_api.wire.file_form import FileForm, NotUtf8
from fcv_api.wire.stays import write_stays

START = np.datetime64("2024-03-03T09:00:00", "us")
ONSET = np.datetime64("2024-03-03T09:12:00", "us")
HEADER = "idAtencion,nomSigno,valor,fecRegistro\n"


@dataclass(frozen=True)
class AStay:
    id: int
    state: State
    onset: np.datetime64 | None
    instants: NDArray[np.datetime64]
    values: NDArray[np.float64]


def stay(number: int, onset: np.datetime64 | None = None) -> AStay:
    values = np.round(np.random.default_rng(number).uniform(20, 50, (4, 9)), 2)  # within all hard limits but one
    values[:, 0] = np.round(values[:, 0] / 3, 2)
    values[1, 3:5] = np.nan
    state = State.NONE_OF_THESE if onset is None else State.CARDIAC_ARREST
    return AStay(number, state, onset, START + np.arange(4) * np.timedelta64(300, "s"), values)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Write two stays, and give their export and their labels."""
    export, labels = tmp_path / "export.csv", tmp_path / "labels.csv"
    write_stays(export, labels, [stay(7), stay(3, ONSET)])
    return export, labels


def text_file(folder: Path, text: str, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_written_is_read_again_to_the_last_digit(tmp_path: Path, suffix: str) -> None:
    export, labels = tmp_path / f"e{suffix}", tmp_path / f"l{suffix}"
    assert write_stays(export, labels, [stay(7), stay(3, ONSET)]) == 2
    read = read_cohort(export, labels, UTC)
    encounters, found = read.encounters, read.labels
    assert [each.id for each in encounters] == [3, 7]
    np.testing.assert_array_equal(History.of(encounters[1]).measured, stay(7).values)
    np.testing.assert_array_equal(History.of(encounters[1]).instants, stay(7).instants)
    assert (found[3].state, found[3].onset, found[7].onset) == (State.CARDIAC_ARREST, ONSET, None)


def test_an_encounters_rows_may_lie_anywhere(files: tuple[Path, Path]) -> None:
    before = History.of(read_export(files[0], UTC)[0])
    table = pd.read_csv(files[0]).sample(frac=1, random_state=1)
    table.to_csv(files[0], index=False)
    after = History.of(read_export(files[0], UTC)[0])
    np.testing.assert_array_equal(before.measured, after.measured)


def test_semicolons_and_decimal_commas_are_read(files: tuple[Path, Path]) -> None:
    before = read_export(files[0], UTC)[0]
    pd.read_csv(files[0]).to_csv(files[0], index=False, sep=";", decimal=",", encoding="utf-8-sig")
    np.testing.assert_array_equal(read_export(files[0], UTC)[0].values, before.values)


def test_parquet_may_hold_times_as_times(tmp_path: Path, files: tuple[Path, Path]) -> None:
    table = pd.read_csv(files[0], parse_dates=["fecRegistro"])
    table.to_parquet(tmp_path / "e.parquet")
    np.testing.assert_array_equal(
        read_export(tmp_path / "e.parquet", UTC)[0].instants, read_export(files[0], UTC)[0].instants
    )


def test_a_row_without_a_value_is_dropped_and_other_signs_are_nobodys_concern(tmp_path: Path) -> None:
    rows = "5,MDC_TEMP,,2024-03-03 09:00:00\n5,MDC_TEMP,37.5,2024-03-03 09:05:00\n5,MDC_OTHER,high,never\n"
    (encounter,) = read_export(text_file(tmp_path, HEADER + rows), UTC)
    assert list(encounter.values) == [37.5]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("idAtencion,nomSigno,fecRegistro\n5,MDC_TEMP,2024-03-03 09:00:00\n", "lacks the column valor"),
        (HEADER, "has no rows"),
        ("", "lacks the column idAtencion, nomSigno, valor, fecRegistro; it has none"),
        (HEADER + "5,MDC_TEMP,warm,2024-03-03 09:00:00\n", "encounter 5: valor, row '2': must be a number"),
        (HEADER + "5,MDC_TEMP,37,yesterday\n", "encounter 5: fecRegistro, row '2': is not a time"),
        (HEADER + "5,,37,2024-03-03 09:00:00\n", "nomSigno, row '2': this row has no name"),
        (HEADER + "x,MDC_TEMP,37,2024-03-03 09:00:00\n", "idAtencion, row 2: must be one whole number"),
        (HEADER + ",MDC_TEMP,37,2024-03-03 09:00:00\n", "idAtencion, row 2: this row has no encounter"),
    ],
)
def test_what_an_export_lacks_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UnusableExport, match=sentence) as refused:
        read_export(text_file(tmp_path, text), UTC)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("5,Muerto,", "State, row 2: must be one of Arresto_cardiaco"),
        ("5,Sano,2024-03-03 09:00:00", "onset, row 2: must be empty where State is Sano"),
        ("5,Shock_cardiogenico,", "onset, row 2: must be a time where State is Shock_cardiogenico"),
        ("5,Shock_cardiogenico,soon", "onset, row 2: is not a time"),
        ("5,Sano,\n5,Sano,", "more than once: 5"),
    ],
)
def test_what_is_wrong_with_labels_is_one_sentence(tmp_path: Path, row: str, sentence: str) -> None:
    with pytest.raises(UnusableExport, match=sentence):
        read_labels(text_file(tmp_path, f"idAtencion,State,onset\n{row}\n"), UTC)


def test_a_patient_is_the_encounters_own_where_nobody_says_whose_it_is(tmp_path: Path) -> None:
    text = "idAtencion,State,onset,idPaciente\n5,Sano,,ana\n6,none_of_these,,\n"
    found = read_labels(text_file(tmp_path, text), UTC)
    assert (found[5].patient, found[6].patient) == ("ana", "6")


def test_what_only_one_of_the_files_has_is_named_and_refuses_nobody(tmp_path: Path, files: tuple[Path, Path]) -> None:
    labels = text_file(tmp_path, "idAtencion,State,onset\n3,Sano,\n99,Sano,\n", "other.csv")
    read = read_cohort(files[0], labels, UTC)
    assert [each.id for each in read.encounters] == list(read.labels) == [3]
    assert (read.unlabelled, list(read.absent)) == ([7], [99])


def test_labels_of_other_encounters_are_refused(tmp_path: Path, files: tuple[Path, Path]) -> None:
    labels = text_file(tmp_path, "idAtencion,State,onset\n99,Sano,\n", "other.csv")
    with pytest.raises(UnusableExport, match=r"labels none of the encounters of .*: it labels 99, and they are 3, 7"):
        read_cohort(files[0], labels, UTC)


def test_a_site_is_read_from_the_labels_or_from_the_export(tmp_path: Path, files: tuple[Path, Path]) -> None:
    assert read_cohort(*files, UTC).sites == {}
    table = pd.read_csv(files[0])
    table["sede"] = ["Norte" if number == 3 else None for number in table["idAtencion"]]
    table.to_csv(files[0], index=False)
    assert read_cohort(*files, UTC).sites == {3: "Norte"}
    labels = text_file(tmp_path, "idAtencion,State,onset,sede\n3,Sano,,Sur\n7,Sano,,Sur\n", "sites.csv")
    assert read_cohort(files[0], labels, UTC).sites == {3: "Sur", 7: "Sur"}


def test_a_write_that_fails_leaves_what_was_there(files: tuple[Path, Path]) -> None:
    def broken() -> Iterator[AStay]:
        yield stay(1)
        raise RuntimeError

    before = [path.read_bytes() for path in files]
    with pytest.raises(RuntimeError):
        write_stays(*files, broken())
    assert [path.read_bytes() for path in files] == before
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["export.csv", "labels.csv"]


def test_a_file_of_another_kind_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UnusableExport, match=r"must end in .csv or .parquet"):
        write_stays(tmp_path / "e.xlsx", tmp_path / "l.csv", [stay(1)])
    assert list(tmp_path.iterdir()) == []


def test_latin_1_is_read_where_it_is_said_and_named_where_it_is_not(files: tuple[Path, Path]) -> None:
    before = read_cohort(*files, UTC)
    table = pd.read_csv(files[0])
    table["sede"] = "Peñón"
    table.to_csv(files[0], index=False, encoding="latin-1")
    with pytest.raises(NotUtf8, match="it is not UTF-8"):
        read_cohort(*files, UTC)
    read = read_cohort(*files, UTC, FileForm(encoding="latin-1"))
    assert read.sites == {3: "Peñón", 7: "Peñón"}
    np.testing.assert_array_equal(read.encounters[0].values, before.encounters[0].values)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_line_that_names_the_separator_is_no_row_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "export.csv"
    text = "sep=;\nidAtencion;nomSigno;valor;fecRegistro;sede\n5;MDC_TEMP;37,5;2024-03-03 09:05:00;Peñón\n"
    path.write_text(text, encoding)
    labels = text_file(tmp_path, "idAtencion,State,onset\n5,Sano,\n", "labels.csv")
    labels.write_text(labels.read_text("utf-8"), encoding)
    read = read_cohort(path, labels, UTC, FileForm(encoding=encoding))
    assert (list(read.encounters[0].values), read.sites) == ([37.5], {5: "Peñón"})


DATED = ["03/04/2024 9:05", "3/4/2024 09:05:00", " 03-04-2024 09:05:00", "03.04.2024 9:05:00"]


@pytest.mark.parametrize("text", DATED)
@pytest.mark.parametrize(("order", "day"), [("dmy", "2024-04-03"), ("mdy", "2024-03-04")])
def test_a_day_before_its_year_is_read_in_the_order_that_was_said(
    tmp_path: Path, text: str, order: str, day: str
) -> None:
    export = text_file(tmp_path, HEADER + f"5,MDC_TEMP,37.5,{text}\n5,MDC_TEMP,37.6,2024-05-06 07:08:09\n")
    labels = text_file(tmp_path, f"idAtencion,State,onset\n5,Arresto_cardiaco,{text}\n", "labels.csv")
    read = read_cohort(export, labels, UTC, FileForm(dates=order))
    assert read.encounters[0].instants[0] == read.labels[5].onset == np.datetime64(f"{day}T09:05")
    assert read.encounters[0].instants[1] == np.datetime64("2024-05-06T07:08:09")


def test_a_day_before_its_year_is_named_with_the_option_that_reads_it(tmp_path: Path) -> None:
    export = text_file(tmp_path, HEADER + "5,MDC_TEMP,37.5,2024-04-03 09:05:00\n5,MDC_TEMP,37.6,03/04/2024 09:10:00\n")
    labels = text_file(tmp_path, "idAtencion,State,onset\n5,Sano,\n", "labels.csv")
    with pytest.raises(UnusableExport, match=r"fecRegistro, row 3: a date such as 03/04/2024. Say --dates dmy"):
        read_cohort(export, labels, UTC, FileForm(dates="iso"))


def test_a_month_that_does_not_exist_is_no_time(tmp_path: Path) -> None:
    export = text_file(tmp_path, HEADER + "5,MDC_TEMP,37.5,03/14/2024 09:05:00\n")
    labels = text_file(tmp_path, "idAtencion,State,onset\n5,Sano,\n", "labels.csv")
    with pytest.raises(UnusableExport, match="is not a time"):
        read_cohort(export, labels, UTC, FileForm(dates="dmy"))
