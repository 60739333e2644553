"""Each case of the interoperability corpus gives its rows and its acknowledgements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hl7_messages import BOGOTA, CORPUS, expectation, without_beds

from fcv_api.cli import main
from fcv_api.wire.hl7.frames import FrameBuffer
from fcv_api.wire.hl7.reading import read
from fcv_api.wire.hl7.segments import header_of, messages_of
from fcv_api.wire.hl7.shown import as_wire
from fcv_api.wire.hl7.source import Source

FILES = sorted((CORPUS / "hl7").iterdir())
STREAMS = sorted((CORPUS / "mllp").iterdir())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_gives_its_rows(file: Path) -> None:
    expected = expectation(file)
    source = Source("default", ZoneInfo(expected.get("zone", "America/Bogota")))
    (found,) = [as_wire(read(each, source, allow_test=False)) for each in messages_of(file.read_bytes())]
    assert found["ack"] == expected["ack"]
    assert without_beds(found["rows"]) == expected["rows"]


@pytest.mark.parametrize("size", [None, 1, 7], ids=["packets", "bytes", "sevens"])
@pytest.mark.parametrize("file", STREAMS, ids=lambda file: file.stem)
def test_a_stream_gives_its_acknowledgements_and_rows_whatever_its_packets(file: Path, size: int | None) -> None:
    expected = expectation(file)
    chunks = [bytes.fromhex(chunk) for chunk in json.loads(file.read_bytes())["chunks_hex"]]
    if size:
        whole = b"".join(chunks)
        chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
    buffer = FrameBuffer(1024 if "limit" in expected["note"] else 4_000_000)
    messages = [each for chunk in chunks for frame in buffer.feed(chunk, 0.0) for each in messages_of(frame)]
    readings = [read(each, Source("default", BOGOTA), allow_test=False) for each in messages]
    acks = [f"{each.ack} {header_of(own).control.decode()}" for own, each in zip(messages, readings, strict=True)]
    assert acks == expected["acks"]
    rows: list[dict[str, Any]] = []
    for each in readings:
        rows += [row for row in without_beds(as_wire(each)["rows"]) if row not in rows]
    assert rows == expected["rows"]
    assert buffer.is_too_long == ("limit" in expected["note"])


def test_the_command_prints_rows_and_drops_as_json() -> None:
    file = CORPUS / "hl7" / "20_two_patients_one_message.hl7"
    printed = CliRunner().invoke(main, ["hl7", "read", str(file), "--zone", "America/Bogota", "--json"])
    (found,) = json.loads(printed.stdout)["messages"]
    assert without_beds(found["rows"]) == expectation(file)["rows"]
    assert [row["bed"] for row in found["rows"]] == ["UCI^^13", "UCI^^14"]
    assert set(found) == {"ack", "rows", "dropped"}


def test_the_command_prints_lines_for_people() -> None:
    file = CORPUS / "hl7" / "18_units_at_odds.hl7"
    printed = CliRunner().invoke(main, ["hl7", "read", str(file), "--zone", "America/Bogota"]).stdout
    assert printed.splitlines()[0] == "Message 1: AA, 5 rows, 1 dropped"
    assert "2026-03-01T17:00:00Z  MDC_TEMP" in printed
    assert printed.splitlines()[-1].split() == ["dropped", "OBX", "4", "wrong-unit"]


def test_a_wrong_option_is_a_sentence(tmp_path: Path) -> None:
    file, table = str(CORPUS / "hl7" / "09a_first.hl7"), tmp_path / "sources.toml"
    table.write_text('[source.icu]\nzone = "UTC"\n')
    run = CliRunner().invoke
    assert "x is no time zone" in run(main, ["hl7", "read", file, "--zone", "x"]).output
    assert "go together" in run(main, ["hl7", "read", file, "--source", "icu"]).output
    assert "There is no source b" in run(main, ["hl7", "read", file, "--sources", str(table), "--source", "b"]).output
    assert "AA, 2 rows" in run(main, ["hl7", "read", file, "--sources", str(table), "--source", "icu"]).output


def test_a_file_without_a_message_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "none.hl7"
    file.write_bytes(b"PID|||1\r")
    printed = CliRunner().invoke(main, ["hl7", "read", str(file), "--zone", "UTC", "--json"]).stdout
    (found,) = json.loads(printed)["messages"]
    assert (found["ack"], found["dropped"]) == ("AR", [{"where": "message", "reason": "no-header"}])
