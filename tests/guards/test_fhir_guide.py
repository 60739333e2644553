"""The guide to FHIR says every reason and every code, in both languages, and the same commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.fhir.reasons import WORDS, FhirReason
from fcv_api.fhir.signs import NAME_BY_LOINC

GUIDES = ["fhir.md", "fhir.es.md"]


@pytest.mark.parametrize("name", GUIDES)
def test_every_reason_is_tabled_with_its_severity_and_no_other(root: Path, name: str) -> None:
    text = (root / "docs" / name).read_text("utf-8")
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| (information|warning|error) \|", text, re.MULTILINE)
    tabled = {(reason, severity) for cell, severity in rows for reason in re.findall(r"`([a-z-]+)`", cell)}
    assert tabled == {(reason.value, said.severity) for reason, said in WORDS.items()}
    assert set(FhirReason) <= set(WORDS)


@pytest.mark.parametrize("name", GUIDES)
def test_every_code_is_tabled(root: Path, name: str) -> None:
    rows = re.findall(
        r"^\| [^|`]+ \| (\d{6}) \| ([\d, -]+) \|$", (root / "docs" / name).read_text("utf-8"), re.MULTILINE
    )
    tabled = {loinc: int(mdc) for mdc, cell in rows for loinc in cell.split(", ")}
    assert tabled == {loinc: SIGNS[INDEX_BY_NAME[name]].code for loinc, name in NAME_BY_LOINC.items()}


def test_both_languages_give_the_same_commands(root: Path) -> None:
    one, other = (
        re.findall(r"```\w+\n.*?```", (root / "docs" / name).read_text("utf-8"), re.DOTALL) for name in GUIDES
    )
    assert one == other
