"""Each case of the interoperability corpus gives its rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bundles import judged
from click.testing import CliRunner
from hl7_messages import CORPUS, expectation, without_beds

from fcv_api.cli import main

FILES = sorted(file for file in (CORPUS / "fhir").iterdir() if "riskassessment" not in file.name)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_command_prints_the_rows_of_a_bundle_as_json(file: Path) -> None:
    printed = CliRunner().invoke(main, ["fhir", "read", str(file), "--json"])
    (found,) = json.loads(printed.stdout)["messages"]
    expected = expectation(file)
    assert without_beds(found["rows"]) == expected["rows"]
    assert (found["ack"], found["http"]) == ("AA", expected["http"])
    assert len(found["dropped"]) == len(expected["dropped"])


def test_the_command_prints_lines_for_people() -> None:
    printed = CliRunner().invoke(main, ["fhir", "read", str(CORPUS / "fhir" / "52_traps.json")]).stdout.splitlines()
    assert printed[0] == "Message 1: AA, 3 rows, 8 dropped"
    assert printed[4].split() == ["dropped", "entry", "1", "unreadable-time"]


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [("{", 400, "not-json"), ('{"resourceType": "Patient"}', 422, "invalid-body"), ("[]", 422, "invalid-body")],
)
def test_what_is_no_bundle_is_said_so(tmp_path: Path, text: str, status: int, reason: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    printed = CliRunner().invoke(main, ["fhir", "read", str(file), "--json"])
    (found,) = json.loads(printed.stdout)["messages"]
    assert (found["ack"], found["http"], found["rows"]) == ("AR", status, [])
    assert found["dropped"] == [{"where": "Bundle", "reason": reason}]


def test_the_sources_file_says_what_an_account_means(tmp_path: Path) -> None:
    table, file = tmp_path / "sources.toml", CORPUS / "fhir" / "50_device_bundle.json"
    table.write_text('[source.icu]\ncodes = {"67996^urn:iso:std:iso:11073:10101" = "MDC_BLD_PERF_INDEX"}\n')
    run = CliRunner().invoke
    assert "go together" in run(main, ["fhir", "read", str(file), "--source", "icu"]).output
    printed = run(main, ["fhir", "read", str(file), "--sources", str(table), "--source", "icu"]).output
    assert "outside-limits" in printed  # a battery of 100 % is no perfusion index


def test_the_shape_of_the_corpus_is_one_that_the_judge_accepts() -> None:
    judged(json.loads((CORPUS / "fhir" / "70_riskassessment.json").read_bytes()))
