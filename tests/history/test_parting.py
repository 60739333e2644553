"""Parting an export by encounter: all rows, once, in their order, whatever memory there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fcv_api.domain.errors import InvalidRows, UnusableExport
from fcv_api.domain.prediction import Refusal
from fcv_api.domain.vitals import SIGNS
from fcv_api.history.parting import Room, part_by_encounter
from fcv_api.wire.long_query import open_table
from fcv_api.wire.long_rows import read_part

BOGOTA = ZoneInfo("America/Bogota")
Frame = pd.DataFrame


def export(beds: int = 5, instants: int = 4) -> Frame:
    """Measure all beds at each instant, as a ward's export is sorted."""
    rows = [
        (
            900 - bed,
            sign.code,
            sign.name,
            bed + step + 0.25,
            str(pd.Timestamp("2024-03-03") + pd.Timedelta(minutes=step)),
        )
        for step in range(instants)
        for bed in range(beds)
        for sign in SIGNS
    ]
    return pd.DataFrame(rows, columns=["idAtencion", "idSigno", "nomSigno", "valor", "fecRegistro"])


def parts(path: Path, folder: Path, rows: int = 100_000, memory: str = "200MB") -> list[Any]:
    room = Room(memory, folder / "sorting", 2, rows)
    return list(part_by_encounter(open_table(path), room, lambda _share: None))


def test_each_encounters_rows_come_together_and_in_the_files_order(tmp_path: Path) -> None:
    frame = export()
    frame.to_csv(tmp_path / "a.csv", index=False)
    whole = pa.concat_tables(parts(tmp_path / "a.csv", tmp_path)).to_pandas()
    wanted = frame.assign(row=np.arange(2, len(frame) + 2)).sort_values(["idAtencion", "row"])
    assert whole["encounter"].tolist() == wanted["idAtencion"].tolist()
    assert whole["row"].tolist() == wanted["row"].tolist()
    assert whole["names"].tolist() == wanted["nomSigno"].tolist()


@pytest.mark.parametrize("rows", [1, 36, 37, 72, 1000])
def test_a_part_holds_whole_encounters_only(tmp_path: Path, rows: int) -> None:
    export().to_csv(tmp_path / "a.csv", index=False)
    found = parts(tmp_path / "a.csv", tmp_path, rows)
    ids = [set(each["encounter"].to_pylist()) for each in found]
    assert sorted(number for each in ids for number in each) == [896, 897, 898, 899, 900]
    assert sum(map(len, found)) == 5 * 4 * 9
    assert len(found) == {1: 5, 36: 5, 37: 3, 72: 3, 1000: 1}[rows]


def test_what_does_not_fit_into_memory_is_sorted_on_disk(tmp_path: Path) -> None:
    dice = np.random.default_rng(5)
    count = 800_000
    texts = pd.Series(dice.integers(0, 10**15, count)).astype(str) + "x" * 120  # 120 MB
    frame = pd.DataFrame(
        {"idAtencion": dice.integers(0, 50, count), "nomSigno": texts, "valor": 1.0, "fecRegistro": "x"}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    whole = pa.concat_tables(parts(tmp_path / "a.parquet", tmp_path, memory="100MB"))
    order = np.argsort(frame["idAtencion"].to_numpy(), kind="stable")
    assert whole["row"].to_numpy().tolist() == (order + 1).tolist()
    assert whole["names"].to_pylist() == frame["nomSigno"].iloc[order].tolist()


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([7, 8], pa.int64()),
        pa.array([7, 8], pa.uint8()),
        pa.array([7.0, 8.0]),
        pa.array(["7", " 8.0 "]),
        pa.array(["+7", "8"]).dictionary_encode(),
    ],
)
def test_an_encounters_id_is_read_as_the_service_reads_it(tmp_path: Path, ids: Any) -> None:
    frame = {
        "idAtencion": ids,
        "nomSigno": ["MDC_TEMP"] * 2,
        "valor": [36.5] * 2,
        "fecRegistro": ["2024-03-03 00:00:00"] * 2,
    }
    pa.parquet.write_table(pa.table(frame), tmp_path / "a.parquet")
    assert parts(tmp_path / "a.parquet", tmp_path)[0]["encounter"].to_pylist() == [7, 8]


@pytest.mark.parametrize("cell", ["5.9", "-1", "", "bed", "9223372036854775808", "1e3"])
def test_a_row_of_nobody_is_named_unless_no_model_reads_it(tmp_path: Path, cell: str) -> None:
    header = "idAtencion,nomSigno,valor,fecRegistro\n"
    (tmp_path / "a.csv").write_text(
        f"{header}7,MDC_TEMP,36,2024-03-03 00:00:00\n{cell},MDC_TEMP,36,2024-03-03 00:00:00\n"
    )
    with pytest.raises(UnusableExport, match=r"a.csv: idAtencion, row 3: must be one whole number"):
        parts(tmp_path / "a.csv", tmp_path)
    (tmp_path / "b.csv").write_text(f"{header}{cell},OTHER,1,2024-03-03 00:00:00\n7,MDC_TEMP,36,2024-03-03 00:00:00\n")
    assert parts(tmp_path / "b.csv", tmp_path)[0]["row"].to_pylist() == [3]


def test_a_refusal_names_the_files_row_wherever_its_part_begins(tmp_path: Path) -> None:
    frame = export().astype({"valor": object})
    frame.loc[100, "valor"] = "high"
    frame.to_csv(tmp_path / "a.csv", index=False)
    table = open_table(tmp_path / "a.csv")
    read = [each for part in parts(tmp_path / "a.csv", tmp_path, 1) for each in read_part(part, table.dialect, BOGOTA)]
    (refused,) = [each for each in read if isinstance(each, Refusal)]
    assert refused.encounter == frame["idAtencion"][100]
    assert isinstance(refused.reason, InvalidRows)
    assert str(refused.reason) == "valor, row '102': must be a number or null, not text"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("idAtencion,nomSigno,valor,fecRegistro\n7,MDC_TEMP,36.123,2024-03-03 00:00:00,9\n", "Line: 2"),
        ("idAtencion,nomSigno,valor\n7,MDC_TEMP,36.123\n", "lacks the column fecRegistro"),
        ("idAtencion,nomSigno,valor,valor,fecRegistro\n7,MDC_TEMP,36.123,1,x\n", "names valor more than once"),
        ("", "lacks the column idAtencion"),
    ],
)
def test_what_is_no_table_is_refused_without_showing_a_patients_row(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UnusableExport, match=words) as caught:
        parts(tmp_path / "a.csv", tmp_path)
    assert "36.123" not in str(caught.value)


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"not one")
    with pytest.raises(UnusableExport, match="cannot be read as parquet"):
        open_table(tmp_path / "a.parquet")
