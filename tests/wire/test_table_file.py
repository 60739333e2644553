"""Tables in files: the file that is named and no other, whose each row is, and one sentence for what is no table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fcv_api.domain.errors import UnusableExport
from fcv_api.wire.csv_rows import Dialect
from fcv_api.wire.table_file import open_table

HEADER = "idAtencion,nomSigno,valor,fecRegistro\n"
ROW = "MDC_TEMP,36.5,2024-03-03 00:00:00\n"


def read(path: Path) -> Any:
    return pa.Table.from_batches(list(open_table(path).batches()))


def csv_of(path: Path, number: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{number},{ROW}")
    return path


def parquet_of(path: Path, ids: Any, **columns: Any) -> Path:
    rows = len(ids)
    cells = {"nomSigno": ["MDC_TEMP"] * rows, "valor": [36.5] * rows, "fecRegistro": ["2024-03-03 00:00:00"] * rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"idAtencion": ids} | cells | columns), path)
    return path


PATTERNS = ["export[1].csv", "ward?.csv", "ward*.csv", "{export1,ward1}.csv", "~ward.csv", "year=2024/a.csv"]


@pytest.mark.parametrize("name", [*PATTERNS, "idAtencion=2/a.csv", "valor=0/a[1].csv", "s3:/ward/a.csv", "it's.csv"])
def test_a_path_is_a_path_and_no_pattern(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("export1.csv", "ward1.csv", "wards.csv", "year=2024/1.csv"):
        csv_of(tmp_path / other, 2)
    csv_of(tmp_path / name, 1)
    monkeypatch.chdir(tmp_path)
    for path in (Path(name), tmp_path / name):
        assert read(path)["encounter"].to_pylist() == [1]
        assert read(path)["valor"].to_pylist() == ["36.5"]


def test_no_folder_of_a_parquet_file_becomes_a_column(tmp_path: Path) -> None:
    found = read(parquet_of(tmp_path / "idAtencion=2" / "valor=0" / "unidad=kg" / "a[1].parquet", [1]))
    assert found.drop_columns("row").to_pydict() == {
        "encounter": [1],
        "nomSigno": ["MDC_TEMP"],
        "valor": [36.5],
        "fecRegistro": ["2024-03-03 00:00:00"],
    }


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([7, 8], pa.int64()),
        pa.array([7, 8], pa.int8()),
        pa.array([7, 8], pa.uint64()),
        pa.array([7.0, 8.0]),
        pa.array([7.0, 8.0], pa.float32()),
        pa.array(np.array([7, 8], np.float16)),
        pa.array(["7", " 8.0 "]),
        pa.array([b"7", b"8"]),
        pa.array([7, 8]).cast(pa.decimal128(19, 0)),
        pa.array([7, 8]).cast(pa.decimal256(40, 3)),
        pa.array(["+7", "8"]).dictionary_encode(),
        pa.array([7.0, 8.0]).dictionary_encode(),
    ],
    ids=lambda ids: str(ids.type),
)
def test_an_encounters_number_is_read_as_the_service_reads_it(tmp_path: Path, ids: Any) -> None:
    assert read(parquet_of(tmp_path / "a.parquet", ids))["encounter"].to_pylist() == [7, 8]


@pytest.mark.parametrize(
    ("ids", "largest"),
    [
        (pa.array([1234567890123456789]).cast(pa.decimal128(19, 0)), 1234567890123456789),
        (pa.array(["1234567890123456789.0"]), 1234567890123456789),
        (pa.array([2.0**53 - 1]), 2**53 - 1),
        (pa.array([2.0**24 - 1], pa.float32()), 2**24 - 1),
        (pa.array(np.array([2047], np.float16)), 2047),
        (pa.array([2**63 - 1], pa.uint64()), 2**63 - 1),
    ],
)
def test_a_number_is_exact_where_its_type_holds_it(tmp_path: Path, ids: Any, largest: int) -> None:
    assert read(parquet_of(tmp_path / "a.parquet", ids))["encounter"].to_pylist() == [largest]


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (pa.array([7.0, 2.0**53]), "is a float too large"),
        (pa.array([7.0, 2.0**24], pa.float32()), "is a float too large"),
        (pa.array([7.0, 2.0**24], pa.float32()).dictionary_encode(), "is a float too large"),
        (pa.array(np.array([7, 2048], np.float16)), "is a float too large"),
        (pa.array([7, 2**63], pa.uint64()), "must be one whole number"),
        (pa.array([7.0, 5.9]), "must be one whole number"),
        (pa.array([7.0, float("nan")]), "this row has no encounter"),
        (pa.array([7, None]), "this row has no encounter"),
        (pa.array([7, -1], pa.int8()), "must be one whole number"),
        (pa.array([True, False]), "must be one whole number"),
    ],
)
def test_a_number_that_may_be_another_encounters_refuses_the_file(tmp_path: Path, ids: Any, reason: str) -> None:
    row = 1 if pa.types.is_boolean(ids.type) else 2
    with pytest.raises(UnusableExport, match=rf"a.parquet: idAtencion, row {row}: {reason}"):
        read(parquet_of(tmp_path / "a.parquet", ids))


@pytest.mark.parametrize("cell", ["5.9", "-1", "", "bed", "9223372036854775808", "1e3", "NULL", "9" * 40])
def test_a_row_of_nobody_is_named_unless_no_model_reads_it(tmp_path: Path, cell: str) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}7,{ROW}{cell},mdc_temp ,36,x\n")
    with pytest.raises(
        UnusableExport, match=r"a.csv: idAtencion, row 3: (must be one whole|this row has no encounter)"
    ):
        read(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text(f"{HEADER}{cell},OTHER,1,2024-03-03 00:00:00\n7,{ROW}")
    assert read(tmp_path / "b.csv")["row"].to_pylist() == [3]


def test_rows_keep_their_numbers_over_batches_and_blank_rows(tmp_path: Path) -> None:
    count = 120_000
    rows = "".join(f"{number},{ROW}" if number % 3 else ",,,\n" for number in range(count))
    (tmp_path / "a.csv").write_text(HEADER + rows)
    found = read(tmp_path / "a.csv")
    assert found["encounter"].to_pylist() == [number for number in range(count) if number % 3]
    assert (found["row"].to_numpy() - found["encounter"].to_numpy() == 2).all()


@pytest.mark.parametrize(
    ("first", "rows", "dialect"),
    [
        ("", "7;MDC_TEMP;36,5;x", Dialect(";", ",")),
        ("\ufeff", "7;MDC_TEMP;36.5;x", Dialect(";", ".")),
        ("sep=;\r\n", "7;MDC_TEMP;36;x", Dialect(";", ",")),
        ('\ufeff"sep=|"\n', "7|MDC_TEMP|36.5|x", Dialect("|", ".")),
        ("sep='\n", "7'MDC_TEMP'36.5'x", Dialect("'", ".")),
        ("", "7\tMDC_TEMP\t36,5\tx", Dialect("\t", ",")),
        ("", "7\tMDC_TEMP\t36\tx", Dialect("\t", ".")),
        ("", '7,MDC_TEMP,"1,234.5",x', Dialect(",", ".")),
        ("", "7;MDC_TEMP;36;x\n" * 60_000 + "7;MDC_TEMP;36.5;x", Dialect(";", ".")),
    ],
)
def test_the_dialect_is_told_by_the_first_lines_and_all_values(
    tmp_path: Path, first: str, rows: str, dialect: Dialect
) -> None:
    header = HEADER.replace(",", dialect.separator)
    (tmp_path / "a.csv").write_text(f"{first}{header}{rows}\n", "utf-8")
    assert open_table(tmp_path / "a.csv").dialect == dialect
    assert set(read(tmp_path / "a.csv")["encounter"].to_pylist()) == {7}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEADER}7,MDC_TEMP,36.123,2024,9\n", "line 2: it has 5 cells, and the header 4"),
        (f"sep=,\n{HEADER}7,{ROW}7,MDC_TEMP,36.123\n", "line 4: it has 3 cells, and the header 4"),
        (f'{HEADER}7,MDC_TEMP,"36.123"5,x\n', "line 2: a quote is not closed, or stands in a cell"),
        (f'{HEADER}7,MDC_TEMP,"36.123,x\n', "line 2: a quote is not closed"),
        (f"{HEADER}7,MDC_TEMP,36.123,\xe9\n".encode("latin-1"), "it is not UTF-8; in a spreadsheet choose 'CSV UTF-8'"),
        (f"{HEADER}7,{ROW}".replace("\n", "\r\n") + f"8,{ROW}", "its lines do not all end alike"),
        (f"{HEADER}7,MDC_TEMP,36.123,{'x' * 3_000_000}\n", "line 2: it is longer than 2 MB"),
        ("idAtencion,nomSigno,valor\n7,MDC_TEMP,36.123\n", "lacks the column fecRegistro"),
        ("idAtencion,nomSigno,valor,valor,fecRegistro\n7,MDC_TEMP,36.123,1,x\n", "names valor more than once"),
        ("idAtencion nomSigno\n", "The header is one cell; separate cells by commas"),
        ("", "lacks the column idAtencion"),
    ],
)
def test_what_is_no_table_is_refused_without_showing_a_patients_row(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UnusableExport, match=re.escape(words)) as caught:
        read(tmp_path / "a.csv")
    assert not re.search(r"36\.123|Exception|Error|\n", str(caught.value))


@pytest.mark.parametrize("late", ["Latin", "short"])
def test_what_is_wrong_beyond_the_first_megabyte_is_found(tmp_path: Path, late: str) -> None:
    last = {"Latin": b"7,MDC_TEMP,36.123,\xe9\n", "short": b"7,36.123\n"}[late]
    (tmp_path / "a.csv").write_bytes((HEADER + f"7,{ROW}" * 60_000).encode() + last)
    with pytest.raises(UnusableExport, match=r"line 60002: it (is not UTF-8|has 2 cells)") as caught:
        read(tmp_path / "a.csv")
    assert "36.123" not in str(caught.value)


def test_line_breaks_in_a_cell_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'note,{HEADER}"a\nb",7,{ROW}"said ""x""",8,{ROW}')
    assert read(tmp_path / "a.csv")["encounter"].to_pylist() == [7, 8]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"nomSigno": pa.array([b"MDC_\xe9"])}, "nomSigno holds texts that are not UTF-8."),
        ({"valor": pa.array([[36.5]])}, "valor holds list<element: double>, which is neither texts nor numbers"),
        ({"fecRegistro": pa.array([1], pa.time64("us"))}, "fecRegistro holds time64[us]"),
    ],
)
def test_a_column_of_no_cells_is_one_sentence(tmp_path: Path, column: Any, words: str) -> None:
    with pytest.raises(UnusableExport, match=re.escape(f"a.parquet: {words}")):
        read(parquet_of(tmp_path / "a.parquet", [1], **column))


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"not one")
    with pytest.raises(UnusableExport, match="cannot be read as parquet"):
        open_table(tmp_path / "a.parquet")


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = parquet_of(tmp_path / "a.parquet", [1, 2])
    content = bytearray(path.read_bytes())
    content[4:40] = b"x" * 36
    path.write_bytes(content)
    with pytest.raises(UnusableExport, match=r"a.parquet cannot be read as parquet: "):
        read(path)


def test_parquet_without_rows_has_no_batches(tmp_path: Path) -> None:
    path = parquet_of(tmp_path / "a.parquet", pa.array([], pa.int64()))
    assert list(open_table(path).batches()) == []
