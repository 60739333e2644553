"""CSV: with commas, or with semicolons and decimal commas as Spanish spreadsheets write it. UTF-8, BOM or none."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from fcv_api.wire.answer import INFERENCE_KEYS
from fcv_api.wire.columns import whole_number
from fcv_api.wire.rows import Rows, SharedRows

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
NULLS = frozenset(("", "NULL", "null", "None", "NA", "N/A", "NaN", "nan"))
NUMBERS = ("idAtencion", "idSigno", "valor")
ANSWER_COLUMNS = ("idAtencion", "State", *INFERENCE_KEYS.values(), "warnings", "error", "detail")


class NotCsv(Exception):
    """The text is no table. The message says why."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """separator: between cells. decimal: the sign of decimals."""

    separator: str
    decimal: str


COMMA, SPANISH = Dialect(",", "."), Dialect(";", ",")


def dialect_of(header: str) -> Dialect:
    """Tell a table's dialect by its first line."""
    return SPANISH if header.count(";") > header.count(",") else COMMA


def read_csv(body: bytes, wanted: Iterable[str]) -> tuple[dict[str, Rows], Dialect]:
    """Read those of the wanted columns that are there, by line (the header is line 1), with cells as in JSON.

    What is no number where one belongs stays text, for whoever reads it to refuse. Raises NotCsv when a cell's place
    is uncertain: one row of another length, and nobody can say whose its cells are.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotCsv("It is not UTF-8; in a spreadsheet choose 'CSV UTF-8'") from None
    dialect = dialect_of(text[: text.find("\n") + 1] or text)
    header, lines, rows = _table(text, dialect)
    places = {name: at for at, name in enumerate(header) if name in set(wanted)}
    if twice := [name for name in places if header.count(name) > 1]:
        raise NotCsv(f"The header names {', '.join(twice)} more than once")
    columns: dict[str, Rows] = {}
    for name, at in places.items():
        texts = [row[at] for row in rows]
        known = {text: read_cell(text, name, dialect) for text in set(texts)}  # a few, in many rows
        columns[name] = SharedRows(lines, list(map(known.__getitem__, texts)))
    return columns, dialect


def _table(text: str, dialect: Dialect) -> tuple[list[str], list[str], list[list[str]]]:
    """Give the header, and each row that is not blank with its line."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=dialect.separator, strict=True)
    lines, rows = [], []
    try:
        header = [name.strip() for name in next(reader, [])]
        for row in reader:
            if not any(row):
                continue
            if len(row) != len(header):
                raise NotCsv(f"Line {reader.line_num} has {len(row)} cells, and the header {len(header)}")
            lines.append(str(reader.line_num))
            rows.append(row)
    except csv.Error as error:
        raise NotCsv(f"Line {reader.line_num}: {error}") from None
    return header, lines, rows


def read_cell(text: str, name: str, dialect: Dialect) -> Any:  # noqa: ANN401 - as JSON would hold it
    """Read a cell of a column, by its name. What is no number where one belongs stays text."""
    text = text.strip()
    if text in NULLS:
        return None
    if name not in NUMBERS or (dialect is SPANISH and "." in text):  # there it parts thousands, or is a mistake
        return text
    number = text.replace(dialect.decimal, ".")
    if name == "valor":
        return float(number) if NUMBER.fullmatch(number) else text
    code = whole_number(number)
    return text if code is None else code


def write_csv(results: Iterable[Mapping[str, Any]], dialect: Dialect) -> str:
    """Write the results of a batch, as `BatchAnswerSchema` dumps them: one row an encounter."""
    file = StringIO()
    writer = csv.writer(file, delimiter=dialect.separator)
    writer.writerow(ANSWER_COLUMNS)
    for result in results:
        given = result.get("inferences", {})
        probabilities = [str(given.get(key, "")).replace(".", dialect.decimal) for key in INFERENCE_KEYS.values()]
        codes = " ".join(dict.fromkeys(each["code"] for each in result.get("warnings", ())))
        error = result.get("error", {})
        row = (result["idAtencion"], result.get("State", ""), *probabilities, codes, error.get("type", ""))
        writer.writerow((*row, error.get("detail", "")))
    return file.getvalue()
