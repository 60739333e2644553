"""Messages of HL7 v2 for tests, made of the parts that a test is about; and the corpus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from conftest import FIXTURES

from fcv_api.wire.hl7.reading import read
from fcv_api.wire.hl7.segments import Message, messages_of
from fcv_api.wire.hl7.shown import as_wire
from fcv_api.wire.hl7.source import Source

CORPUS = FIXTURES / "interop"
BOGOTA = ZoneInfo("America/Bogota")
SOURCE = Source("gateway", BOGOTA)
HEART_RATE = "147842^MDC_ECG_HEART_RATE^MDC"
SATURATION = "150456^MDC_PULS_OXIM_SAT_O2^MDC"
TEMPERATURE = "150344^MDC_TEMP^MDC"
HEIGHT = "188740^MDC_LEN_BODY_ACTUAL^MDC"
WEIGHT = "188736^MDC_MASS_BODY_ACTUAL^MDC"
PERFUSION = "150488^MDC_BLD_PERF_INDEX^MDC"
BEATS = "264864^MDC_DIM_BEAT_PER_MIN^MDC"
PERCENT = "262688^MDC_DIM_PERCENT^MDC"
CELSIUS = "268192^MDC_DIM_DEGC^MDC"
AT = "20260301101500-0500"


def obx(sign: str = HEART_RATE, value: str = "80", unit: str | None = None, **fields: str) -> str:
    """Return an OBX. fields: others by their number, as `f11="C"`."""
    units = {SATURATION: PERCENT, TEMPERATURE: CELSIUS, PERFUSION: PERCENT, WEIGHT: "263875^MDC_DIM_KILO_G^MDC"}
    cells = ["OBX", "1", "NM", sign, "1.1", "", value, units.get(sign, BEATS) if unit is None else unit, *[""] * 12]
    cells = [*cells[:5], value, cells[7], *[""] * 11]
    cells[11], cells[14] = "F", AT
    for name, cell in fields.items():
        cells[int(name[1:])] = cell
    return "|".join(cells)


def patient(encounter: str = "900", bed: str = "UCI^^07", pid3: str = "5^^^H^MR") -> list[str]:
    """Return a PID and its PV1."""
    return [f"PID|||{pid3}", f"PV1||I|{bed}" + "|" * 16 + encounter]


def message(*lines: str, **given: str) -> bytes:
    """Return a message of one patient with these OBX. given: fields of MSH, and `patient` for other lines."""
    head = {"kind": "ORU^R01^ORU_R01", "control": "M1", "processing": "P", "charset": "UNICODE UTF-8", "time": AT}
    head |= given
    msh = (
        f"MSH|^~\\&|GW|UCI|||{head['time']}||{head['kind']}|{head['control']}|{head['processing']}|2.6|||AL|NE||"
        f"{head['charset']}"
    )
    own = [line for line in head["patient"].split("\n") if line] if "patient" in head else patient()
    return "\r".join([msh, *own, f"OBR|1||||||{AT}", *lines, ""]).encode()


def read_one(content: bytes, source: Source = SOURCE, *, allow_test: bool = False) -> Mapping[str, Any]:
    """Return what one message gives."""
    (only,) = messages_of(content)
    return as_wire(read(only, source, allow_test=allow_test))


def values(content: bytes, source: Source = SOURCE) -> list[float]:
    """Return the values of its rows."""
    return [row["value"] for row in read_one(content, source)["rows"]]


def reasons(content: bytes, source: Source = SOURCE) -> list[str]:
    """Return why what is no row is none."""
    return [each["reason"] for each in read_one(content, source)["dropped"]]


def without_beds(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as the corpus has them."""
    return [{name: value for name, value in row.items() if name != "bed"} for row in rows]


def corpus_message(name: str) -> Message:
    """Return the first message of a file of the corpus."""
    return messages_of((CORPUS / "hl7" / f"{name}.hl7").read_bytes())[0]


def expectation(file: Path) -> dict[str, Any]:
    """Return what a case of the corpus expects."""
    found: dict[str, Any] = json.loads((CORPUS / "expected" / f"{file.parent.name}__{file.name}.json").read_bytes())
    return found
