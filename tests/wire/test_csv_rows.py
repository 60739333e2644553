"""CSV: the same rows as JSON, in both dialects."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest

from fcv_api.domain.bad_cells import InvalidBody
from fcv_api.domain.errors import TableTooLarge
from fcv_api.wire import csv_rows
from fcv_api.wire.cells import Reason
from fcv_api.wire.csv_answer import write_csv
from fcv_api.wire.csv_rows import COMMA, SPANISH, Dialect, NotCsv, read_csv
from fcv_api.wire.example import example_batch_answer
from fcv_api.wire.table import KeyedColumn

WANTED = ("idAtencion", "idSigno", "nomSigno", "valor", "fecRegistro")
HEADER = "sede,idAtencion,nomSigno,valor,fecRegistro"
ROW = "HSR,5501,MDC_TEMP,36.6,2024-03-03 09:30:00"


def read(text: str) -> dict[str, dict[Any, Any]]:
    return by_key(read_csv(text.encode(), (), WANTED)[0])


def by_key(columns: dict[str, KeyedColumn]) -> dict[str, dict[Any, Any]]:
    return {name: column.by_key() for name, column in columns.items()}


@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["no BOM", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_rows_are_known_by_their_lines_and_other_columns_are_left_out(bom: str, end: str) -> None:
    assert read(bom + end.join([HEADER, ROW, "", ",,,,", ROW])) == {
        "idAtencion": {"2": 5501, "5": 5501},
        "nomSigno": {"2": "MDC_TEMP", "5": "MDC_TEMP"},
        "valor": {"2": 36.6, "5": 36.6},
        "fecRegistro": {"2": "2024-03-03 09:30:00", "5": "2024-03-03 09:30:00"},
    }


def test_a_spanish_spreadsheets_table_says_the_same() -> None:
    spanish = "\n".join([HEADER.replace(",", ";"), ROW.replace(",", ";").replace("36.6", "36,6")])
    columns, dialect = read_csv(spanish.encode(), (), WANTED)
    assert by_key(columns) == read(f"{HEADER}\n{ROW}")
    assert dialect == SPANISH


@pytest.mark.parametrize("null", ["", " ", "NULL", "NaN", "nan", "NA", "None"], ids=repr)
def test_an_empty_cell_is_a_null(null: str) -> None:
    assert read(f"{HEADER}\nHSR,5501,MDC_TEMP,{null},")["valor"] == {"2": None}


@pytest.mark.parametrize("cell", ["n.d.", "1_000", "inf", "-Infinity", "0x10", "36.6.1", "٣", '"36,6"'], ids=ascii)
def test_what_is_no_number_stays_text_for_its_refusal(cell: str) -> None:
    (value,) = read(f"{HEADER}\nHSR,5501,MDC_TEMP,{cell},x")["valor"].values()
    assert isinstance(value, str)


@pytest.mark.parametrize("cell", ["36.6", "1.234", "1.234,5", "5.000"])
def test_a_point_beside_decimal_commas_is_not_guessed_at(cell: str) -> None:
    columns = read(f"idAtencion;valor\n{cell};{cell}\n5;1,5\n")
    reason = Reason("must be a number with the decimal sign of the others in the column")
    assert columns == {"idAtencion": {"2": cell, "3": 5}, "valor": {"2": reason, "3": 1.5}}


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("decimal", [",", "."])
@pytest.mark.parametrize("first", ["", "sep={}\n", "sep={}\r\n"], ids=["header", "sep", "sep CRLF"])
def test_what_spreadsheets_write_is_read_by_its_separator_and_its_decimals(
    separator: str, decimal: str, first: str
) -> None:
    rows = [HEADER, ROW.replace("36.6", f"36{decimal}6")]
    text = first.format(separator) + "\n".join(
        HEADER.replace(",", separator)
        if row is HEADER
        else separator.join(("HSR", "5501", "MDC_TEMP", f"36{decimal}6", "2024-03-03 09:30:00"))
        for row in rows
    )
    columns, dialect = read_csv(text.encode(), (), WANTED)
    line = "3" if first else "2"
    assert {name: list(column.rows) for name, column in columns.items()} == {key: [line] for key in columns}
    assert columns["valor"].by_key() == {line: 36.6}
    assert dialect == Dialect(separator, decimal)


def test_without_any_decimals_semicolons_are_a_spanish_spreadsheets() -> None:
    assert read_csv(b"idAtencion;valor\n5;80\n", (), WANTED)[1] == SPANISH
    assert read_csv(b"idAtencion\tvalor\n5\t80\n", (), WANTED)[1] == Dialect("\t", ".")


def test_a_header_of_one_cell_is_refused_with_the_separators_that_are_known() -> None:
    with pytest.raises(InvalidBody, match="separate cells by commas, semicolons, tabs, bars"):
        read("idAtencion:valor\n5:1\n")


def test_only_whose_rows_they_are_is_read_where_the_header_lacks_a_column() -> None:
    columns, _dialect = read_csv(b"idAtencion,valor\n5,80\n6,90\n", ("nomSigno",), WANTED)
    assert by_key(columns) == {"idAtencion": {"2": 5, "3": 6}}


def test_no_row_is_read_where_the_header_has_nothing_of_use() -> None:
    assert read_csv(b"sede,cama\n5\n5,6,7\n", ("nomSigno",), WANTED)[0] == {}


@pytest.mark.parametrize(("cell", "number"), [("5501", 5501), ("5501,0", 5501), ("5,9", "5,9"), ("x", "x")])
def test_whole_numbers_may_have_a_decimal_nought(cell: str, number: object) -> None:
    assert read(f"idAtencion;valor\n{cell};1\n")["idAtencion"] == {"2": number}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"{HEADER}\n{ROW}\n{ROW},5\n".encode(), "Line 3 has 6 cells, and the header 5"),
        (f"{HEADER}\nHSR,5501,MDC_TEMP,36,6,2024\n".encode(), "Line 2 has 6 cells, and the header 5"),
        (f"{HEADER}\nHSR,5501\n".encode(), "Line 2 has 2 cells"),
        (f'{HEADER}\nHSR,5501,"MDC_TEMP,36.6,2024\n{ROW}\n'.encode(), "unexpected end of data"),
        (f"{HEADER},valor\n{ROW},1\n".encode(), "names valor more than once"),
        ("sede\nBogotá".encode("latin-1"), "not UTF-8"),
        (f"{HEADER}\n{'x' * 200_000}".encode(), "field larger than"),
    ],
)
def test_a_table_whose_cells_have_no_certain_place_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NotCsv, match=reason):
        read_csv(body, (), WANTED)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"{HEADER}\n" + f"{ROW}\n" * 101, "More than 100 rows came, and one table may have 100"),
        ("idAtencion,sede\n" + "5,x\n" * 101, "More than 100 rows"),
        (f"{HEADER}\n" + "\n" * 201, "202 rows came"),
        (f"{HEADER}\r" + "\r" * 201, "202 rows came"),
        ("," * 50 + f"\n{ROW}\n", "More than 50 columns came, and one table may have 50"),
        ('"' + "\n" * 5 + '"' + "," * 50, "51 columns"),
    ],
)
def test_a_table_that_is_too_large_is_refused(body: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "MOST_ROWS", 100)
    monkeypatch.setattr(csv_rows, "MOST_COLUMNS", 50)
    with pytest.raises(TableTooLarge, match=words):
        read_csv(body.encode(), ("nomSigno",), WANTED)


def test_an_empty_body_has_no_columns() -> None:
    assert read("") == {}


@pytest.mark.parametrize("dialect", [COMMA, SPANISH], ids=["comma", "semicolon"])
def test_an_answer_is_one_row_an_encounter(dialect: Any) -> None:
    results = example_batch_answer()["results"]
    results[0]["warnings"] = [{"code": code, "sign": None, "detail": ""} for code in ("stale", "filled", "stale")]
    first, second = csv.DictReader(StringIO(write_csv(results, dialect)), delimiter=dialect.separator)
    assert (first["idAtencion"], first["State"], first["warnings"]) == ("5501", "Sano", "stale filled")
    assert first["Sano"] == str(results[0]["inferences"]["Sano"]).replace(".", dialect.decimal)
    assert dialect.decimal in first["Sano"]
    assert (first["error"], first["detail"]) == ("", "")
    assert (second["State"], second["Sano"], second["error"]) == ("", "", "/problems/too-few-instants")
    assert second["detail"].startswith("1 distinct instants")
