"""Partitioning an export by encounter: all rows, once, in their order, whatever memory there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from fcv_api.domain.bad_cells import InvalidRows
from fcv_api.domain.errors import UnusableExport
from fcv_api.domain.prediction import Refusal
from fcv_api.domain.vitals import SIGNS
from fcv_api.wire.arrow_cells import read_part
from fcv_api.wire.partition import SortOptions, partition
from fcv_api.wire.table_file import open_table

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
    return list(partition(open_table(path), SortOptions(memory, folder / "sorting", 2, rows)))


def test_each_encounters_rows_come_together_and_in_the_files_order(tmp_path: Path) -> None:
    frame = export()
    frame.to_csv(tmp_path / "a.csv", index=False)
    whole = pa.concat_tables(parts(tmp_path / "a.csv", tmp_path)).to_pandas()
    wanted = frame.assign(row=np.arange(2, len(frame) + 2)).sort_values(["idAtencion", "row"])
    assert whole["encounter"].tolist() == wanted["idAtencion"].tolist()
    assert whole["row"].tolist() == wanted["row"].tolist()
    assert whole["nomSigno"].tolist() == wanted["nomSigno"].tolist()


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
    assert whole["nomSigno"].to_pylist() == frame["nomSigno"].iloc[order].tolist()


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


def test_the_rows_that_were_read_are_counted(tmp_path: Path) -> None:
    export().to_csv(tmp_path / "a.csv", index=False)
    counted: list[int] = []
    list(partition(open_table(tmp_path / "a.csv"), SortOptions("200MB", tmp_path / "sorting", 2), counted.append))
    assert counted == [5 * 4 * 9]


def test_what_is_wrong_late_in_a_file_is_told_as_it_is(tmp_path: Path) -> None:
    frame = pd.concat([export()] * 400).astype({"idAtencion": object})  # more than one batch
    frame.iloc[-1, 0] = "bed"
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(UnusableExport, match=f"idAtencion, row {len(frame) + 1}: must be one whole number"):
        parts(tmp_path / "a.csv", tmp_path)


def test_a_sort_without_memory_says_which_option_gives_more(tmp_path: Path) -> None:
    pd.concat([export()] * 400).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(UnusableExport, match=r"a.csv cannot be sorted: it needs more --memory\.$"):
        parts(tmp_path / "a.csv", tmp_path, memory="1MB")


def test_an_export_without_rows_has_no_parts(tmp_path: Path) -> None:
    export().head(0).to_csv(tmp_path / "a.csv", index=False)
    assert parts(tmp_path / "a.csv", tmp_path) == []
