"""CSV: with commas, semicolons, tabs or bars, and decimal points or commas, as spreadsheets write it. UTF-8."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import Any, NamedTuple

from fcv_api.domain.bad_cells import Cell, InvalidBody
from fcv_api.domain.errors import TableTooLarge
from fcv_api.wire.cells import Reason, check_utf8, text_of, whole_number
from fcv_api.wire.table import MOST_COLUMNS, MOST_ROWS, Distinct, KeyedColumn

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LIKE_NUMBER = re.compile(r"[+-]?[\d.,]*\d[\d.,]*", re.ASCII)
OTHER_DECIMALS = Reason("must be a number with the decimal sign of the others in the column")
NUMBERS = ("idAtencion", "idSigno", "valor")
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
HEADER = 2**20
"""Bytes of a body in which its separator is looked for."""
ONE_CELL = f"The header is one cell; separate cells by {', '.join(SEPARATORS.values())}"
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n')
"""What spreadsheets write before the header, and read."""


class NotCsv(Exception):
    """The text is no table. The message says why."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """separator: between cells. decimal: the sign of decimals."""

    separator: str
    decimal: str


class Header(NamedTuple):
    """cells: how many it has. before: lines of the file before it. alone: whether a row of other cells fails alone."""

    cells: int
    before: int
    alone: bool


COMMA, SPANISH = Dialect(",", "."), Dialect(";", ",")


def split_separator_line(text: str) -> tuple[str, str]:
    """Return a table's separator, and its text from the header on. text: at least its first two lines."""
    if said := SEPARATOR_LINE.match(text):
        return said[1], text[said.end() :]
    header = text.partition("\n")[0]
    return max(SEPARATORS, key=header.count), text


def dialect_of(separator: str, *, commas: bool, points: bool) -> Dialect:
    """Return a table's dialect. commas, points: whether they stand in its values.

    Where both do, points part thousands or are a mistake. Where none does, semicolons are Spanish spreadsheets'.
    """
    decimal_comma = separator != "," and (commas or (separator == ";" and not points))
    return Dialect(separator, "," if decimal_comma else ".")


def read_csv(
    body: bytes, required: Collection[str], wanted: Collection[str], *, alone: bool = False
) -> tuple[dict[str, KeyedColumn], Dialect]:
    """Read those of the wanted columns that are there, by line, with cells as in JSON.

    alone: a row with more or fewer cells than the header is one of nobody, whose encounter and name are a `Reason`.

    What is no number where one belongs stays text, for whoever reads it to refuse. Where the header lacks a
    required column, only `idAtencion` is read. Raises NotCsv where nobody can say whose a cell is,
    and InvalidBody for a header of one cell.
    """
    _check_text(body)
    file = TextIOWrapper(BytesIO(body), "utf-8-sig", newline="")  # as one text it would take up to eight times as much
    separator, skipped = _find_header(file, body)
    reader = csv.reader(file, delimiter=separator, strict=True)
    header = read_header(reader, wanted)
    if len(header) == 1:
        raise InvalidBody.of([Cell("body", None, ONE_CELL)], 1)
    places = {name: header.index(name) for name in header if name in wanted}
    if not places.keys() >= set(required):  # then only whose the rows are is of use
        places = {name: at for name, at in places.items() if name == "idAtencion"}
    lines, texts = _read_rows(reader, places, Header(len(header), skipped, alone))
    dialect = _dialect(separator, texts.get("valor", ()))
    return {name: KeyedColumn(lines, _cells(name, column, dialect)) for name, column in texts.items()}, dialect


def _check_text(body: bytes) -> None:
    """Raise NotCsv for what is not UTF-8, and TableTooLarge for far more lines than rows are read."""
    try:
        check_utf8(body)
    except UnicodeDecodeError:
        raise NotCsv("It is not UTF-8; in a spreadsheet choose 'CSV UTF-8'") from None
    lines = max(body.count(b"\n"), body.count(b"\r"))
    if lines > 2 * MOST_ROWS:  # some may be blank, or within quotes
        raise TableTooLarge("rows", lines, MOST_ROWS)


def _find_header(file: TextIOWrapper, body: bytes) -> tuple[str, int]:
    """Return a table's separator, and how many lines come before its header, where the file stands then."""
    start = codecs.decode(body[:HEADER], "utf-8-sig", "ignore")
    separator, table = split_separator_line(start)
    skipped = int(len(table) < len(start))
    if skipped:
        file.readline()
    if re.split(r"[\r\n]", table, maxsplit=1)[0].count(separator) >= MOST_COLUMNS:
        raise TableTooLarge("columns", None, MOST_COLUMNS)
    return separator, skipped


def _dialect(separator: str, values: Iterable[str]) -> Dialect:
    distinct = set(values)
    commas, points = (any(sign in each for each in distinct) for sign in ",.")
    return dialect_of(separator, commas=commas, points=points)


def read_header(reader: Any, wanted: Collection[str]) -> list[str]:  # noqa: ANN401 - the csv module names no type
    """Read the names of a table's columns. Raises NotCsv, also where a wanted one comes twice."""
    try:
        names: list[str] = next(reader, [])
    except csv.Error as error:
        raise NotCsv(f"Line {reader.line_num}: {error}") from None
    if len(names) > MOST_COLUMNS:
        raise TableTooLarge("columns", len(names), MOST_COLUMNS)
    header = [text_of(name) or "" for name in names]
    if twice := [name for name in dict.fromkeys(header) if name in wanted and header.count(name) > 1]:
        raise NotCsv(f"The header names {', '.join(twice)} more than once")
    return header


def _read_rows(reader: Any, places: Mapping[str, int], header: Header) -> tuple[list[str], dict[str, list[str]]]:  # noqa: ANN401
    """Return the line of each row that is not blank, and the columns at some places. None is read for no place."""
    lines: list[str] = []
    columns: dict[str, list[str]] = {name: [] for name in places}
    try:
        for row in reader if places else ():
            if not any(row):
                continue
            line = str(reader.line_num + header.before)
            if len(row) != header.cells:
                row = _of_nobody(len(row), line, places, header)  # noqa: PLW2901
            if len(lines) == MOST_ROWS:
                raise TableTooLarge("rows", None, MOST_ROWS)
            lines.append(line)
            for name, at in places.items():
                columns[name].append(row[at])
    except csv.Error as error:
        raise NotCsv(f"Line {reader.line_num + header.before}: {error}") from None
    return lines, columns


def _of_nobody(count: int, line: str, places: Mapping[str, int], header: Header) -> list[str]:
    """Return a row that nobody can tell the cells of apart. Raises NotCsv where that is the table's fault."""
    said = f"has {count} cells, and the header {header.cells}"
    if not header.alone:
        raise NotCsv(f"Line {line} {said}")
    row = [""] * header.cells
    for name in places.keys() & {"idAtencion", "nomSigno"}:
        row[places[name]] = Reason(f"this row {said}")
    return row


def _cells(name: str, texts: list[str], dialect: Dialect) -> Distinct[Any] | list[Any]:
    read = Distinct.of(texts).map(lambda text: read_cell(text, name, dialect))
    return read.cells() if name == "valor" else read


def read_cell(text: str, name: str, dialect: Dialect) -> Any:  # noqa: ANN401 - as JSON would hold it
    """Read a cell of a column, by its name. What is no number where one belongs stays text."""
    said = text if isinstance(text, Reason) else text_of(text)
    if said is None or isinstance(said, Reason) or name not in NUMBERS:
        return said
    mixed = dialect.decimal == "," and "." in said  # there it parts thousands, or is a mistake
    number = "" if mixed else said.replace(dialect.decimal, ".")
    if name != "valor":
        code = whole_number(number)
        return said if code is None else code
    if NUMBER.fullmatch(number):
        return float(number)
    return OTHER_DECIMALS if LIKE_NUMBER.fullmatch(said) else said
