"""One table through every door: JSON, CSV and Parquet as each writer makes them give the same, to the last bit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.arrow_cells import read_part
from fcv_api.wire.batch import BatchSchema
from fcv_api.wire.csv_rows import read_csv
from fcv_api.wire.encounter import COLUMNS, EncounterSchema
from fcv_api.wire.json_body import read_json
from fcv_api.wire.table_file import open_table

BOGOTA = ZoneInfo("America/Bogota")
NAMES = ("idAtencion", *COLUMNS)
START = datetime(2024, 3, 3, 9)  # noqa: DTZ001 - a wall clock
SIGNS = {"MDC_TEMP": 150344, "MDC_ECG_HEART_RATE ": 147842, "nom_puls_oxim_sat_o2": 150456, "\u00a0MDC_OTHER": 1}
UNITS = (None, "MDC_DIM_DEGC", "\u2109", " bpm ", "grados", "%", "kg")
Rows = list[dict[str, Any]]
Said = dict[int, list[Any]]


@dataclass(frozen=True)
class Dialect:
    """How a program writes CSV."""

    first: str
    separator: str
    decimal: str


DIALECTS = (
    Dialect("", ",", "."),
    Dialect("\ufeff", ";", ","),
    Dialect("sep=;\r\n", ";", ","),
    Dialect("", ";", "."),
    Dialect("", "\t", "."),
    Dialect("", "\t", ","),
)


@st.composite
def tables(draw: st.DrawFn, values: Any) -> Rows:
    """Make rows of two encounters: half a table of one kind of times, in any order."""
    offset = draw(st.sampled_from(["", "+00:00"]))
    ids = draw(st.lists(st.sampled_from([0, 7, 2**53 - 1, 2**53 + 1, 2**63 - 1]), min_size=1, max_size=2, unique=True))
    step = timedelta(microseconds=draw(st.sampled_from([1, 1_000, 60_000_000])))
    row = st.builds(
        lambda number, sign, value, unit, at: {
            "idAtencion": number,
            "nomSigno": sign,
            "valor": value,
            "fecRegistro": str(START + at * step) + offset,
            "idSigno": SIGNS[sign],
            "unidad": unit,
        },
        st.sampled_from(ids),
        st.sampled_from(list(SIGNS)),
        values,
        st.sampled_from(UNITS),
        st.integers(-10, 10),
    )
    return draw(st.lists(row, min_size=1, max_size=12))


def said(outcome: Encounter | Refusal) -> list[Any]:
    """Return all that an outcome says, to the last bit. Rows have other numbers at each door."""
    if isinstance(outcome, Refusal):
        return [type(outcome.reason), re.sub(r"row '\d+'", "row", str(outcome.reason))]
    arrays = [outcome.signs, outcome.values, outcome.instants]
    return [outcome.zone, str(outcome.newest), outcome.unknown, *(each.tobytes() for each in arrays)]


def by_encounter(outcomes: list[Encounter | Refusal]) -> Said:
    return {(each.encounter if isinstance(each, Refusal) else each.id): said(each) for each in outcomes}


def columns(rows: Rows) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in NAMES if name in rows[0]}


def keyed(rows: Rows) -> dict[str, Any]:
    return {name: dict(zip(map(str, range(len(rows))), cells, strict=True)) for name, cells in columns(rows).items()}


def json_batch(body: dict[str, Any]) -> Said:
    return by_encounter(BatchSchema().load(read_json(orjson.dumps(body))).read(BOGOTA))


def json_alone(rows: Rows) -> Said:
    found: list[Encounter | Refusal] = []
    for number in dict.fromkeys(row["idAtencion"] for row in rows):
        body = keyed([row for row in rows if row["idAtencion"] == number])
        found.append(EncounterSchema().load(read_json(orjson.dumps(body))).read(BOGOTA))
    return by_encounter(found)


def csv_text(rows: Rows, dialect: Dialect) -> bytes:
    def cell(value: object) -> str:
        return "" if value is None else str(value).replace(".", dialect.decimal if isinstance(value, float) else ".")

    lines = [list(rows[0]), *([cell(value) for value in row.values()] for row in rows)]
    return (dialect.first + "\r\n".join(dialect.separator.join(line) for line in lines) + "\r\n").encode()


def csv_posted(text: bytes) -> Said:
    found, _ = read_csv(text, ["idAtencion"], NAMES)
    return by_encounter(BatchSchema().load(found).read(BOGOTA))


def read_file(path: Path) -> Said:
    file = open_table(path)
    part = pa.Table.from_batches(list(file.batches())).sort_by([("encounter", "ascending"), ("row", "ascending")])
    return by_encounter(read_part(part, file.dialect, BOGOTA))


def read_stored(content: bytes | pa.Table, **options: Any) -> Said:
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("a.csv" if isinstance(content, bytes) else "a.parquet")
        path.write_bytes(content) if isinstance(content, bytes) else pq.write_table(content, path, **options)
        return read_file(path)


def texts(rows: Rows, kind: Callable[[list[str | None]], Any]) -> pa.Table:
    """Write every cell as text."""
    as_text = {name: [None if each is None else str(each) for each in cells] for name, cells in columns(rows).items()}
    return pa.table({name: kind(cells) for name, cells in as_text.items()})


TEXT_KINDS: tuple[Callable[[list[str | None]], Any], ...] = (
    lambda cells: pa.array(cells, pa.string()),
    lambda cells: pa.array(cells, pa.large_string()),
    lambda cells: pa.array(cells, pa.string_view()),
    lambda cells: pa.array(cells, pa.binary()),
    lambda cells: pa.array(cells, pa.large_binary()),
    lambda cells: pa.array(cells, pa.string()).dictionary_encode(),
    lambda cells: pa.array([None if each is None else each.ljust(40) for each in cells]),  # CHAR(40)
    lambda cells: pa.array([None if each is None else each.encode().ljust(40, b"\0") for each in cells], pa.binary(40)),
)


def typed(rows: Rows, unit: str, ids: Any, codes: Any) -> pa.Table:
    """Write numbers as numbers and times as times."""
    times = [datetime.fromisoformat(row["fecRegistro"]) for row in rows]
    zone = "America/Bogota" if times[0].tzinfo else None
    kinds = {
        "idAtencion": ids,
        "idSigno": codes,
        "valor": pa.float64(),
        "fecRegistro": pa.timestamp(unit, zone),
        "nomSigno": pa.dictionary(pa.int32(), pa.string()),
        "unidad": pa.string(),
    }
    cells = columns(rows) | {"fecRegistro": times}
    return pa.table({name: pa.array(cells[name]).cast(kind) for name, kind in kinds.items()})


@settings(max_examples=6, deadline=None)
@given(tables(st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([36.6, 0.0, -0.0, 101.3])))
def test_a_sound_table_is_the_same_at_every_door(rows: Rows) -> None:
    wanted = json_batch(keyed(rows))
    assert json_batch(columns(rows)) == wanted
    assert json_alone(rows) == wanted
    for dialect in DIALECTS[:3]:
        text = csv_text(rows, dialect)
        assert (csv_posted(text), read_stored(text)) == (wanted, wanted), dialect
    for number, kind in enumerate(TEXT_KINDS):
        assert read_stored(texts(rows, kind)) == wanted, number
    pandas, polars = typed(rows, "ns", pa.int64(), pa.int64()), typed(rows, "us", pa.uint64(), pa.int32())
    decimals = typed(rows, "us", pa.decimal128(19, 0), pa.decimal128(21, 2))
    assert [read_stored(each) for each in (pandas, polars, decimals)] == [wanted] * 3
    if max(row["idAtencion"] for row in rows) < 2**53:
        assert read_stored(typed(rows, "ns", pa.float64(), pa.float64())) == wanted
    if "+" not in rows[0]["fecRegistro"]:  # Spark's and Impala's old times have no zone
        assert read_stored(pandas, use_deprecated_int96_timestamps=True) == wanted


@settings(max_examples=8, deadline=None)
@given(tables(st.sampled_from([36.6, None, "warm", "NULL", "-", "3 6"])), st.data())
def test_a_wrong_table_is_refused_alike_at_every_door(rows: Rows, data: st.DataObject) -> None:
    spoilt: dict[str, list[Any]] = {
        "fecRegistro": ["noon", "2024-03-03", "", "2024-02-31 00:00:00"],
        "idSigno": ["x", 150456, None, True],
    }
    for name, cells in spoilt.items():
        data.draw(st.sampled_from(rows))[name] = data.draw(st.sampled_from(cells))
    told = [{**row, "valor": None if row["valor"] == "NULL" else row["valor"]} for row in rows]  # JSON has its own
    wanted = json_batch(keyed(told))
    assert (json_batch(columns(told)), json_alone(told)) == (wanted, wanted)
    for dialect in DIALECTS[:3]:
        text = csv_text(rows, dialect)
        assert (csv_posted(text), read_stored(text)) == (wanted, wanted), dialect
    for number, kind in enumerate(TEXT_KINDS):
        assert read_stored(texts(rows, kind)) == wanted, number
