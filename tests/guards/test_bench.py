"""What `make bench` measures beside, and that its results are told as they were measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench.contest.table import BEGIN, END, section

PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[A-Za-z0-9.+!]+")
OURS = ["-c ../../../constraints.txt", "-e ."]
"""This checkout, with what the constraints pin."""


@pytest.mark.parametrize("contender", ["ours", "floor", "thesis", "litserve", "bentoml"])
def test_the_requirements_of_a_contender_are_pinned(root: Path, contender: str) -> None:
    lines = (root / "bench" / "contenders" / contender / "requirements.txt").read_text("utf-8").splitlines()
    assert lines
    assert lines == OURS or all(PINNED.fullmatch(line) for line in lines)


def test_every_folder_of_a_contender_is_made_an_environment_of(root: Path) -> None:
    folders = {file.parent.name for file in (root / "bench" / "contenders").glob("*/*") if file.suffix == ".txt"}
    named = re.search(r"^CONTENDERS := (.*)$", (root / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert named
    assert set(named[1].split()) == folders


def test_the_table_of_results_says_what_was_measured(root: Path) -> None:
    results = json.loads((root / "bench" / "results.json").read_text("utf-8"))
    text = (root / "bench" / "RESULTS.md").read_text("utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == section(results)
    assert (root / "bench" / "results.png").is_file()
