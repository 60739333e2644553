"""The example of the documents: a request that works, and an answer that looks like one."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

import pytest

from fcv_api.domain.window import WindowSpec, extract_window
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.encounter import EncounterSchema
from fcv_api.wire.example import example_answer, example_request


def test_the_file_to_copy_is_the_example_of_the_documents(root: Path) -> None:
    assert json.loads((root / "examples" / "encounter.json").read_bytes()) == example_request()


def test_the_example_is_one_whole_window_and_nothing_is_filled() -> None:
    window = extract_window(EncounterSchema().load(example_request()).read(UTC), WindowSpec())
    assert window.measured.all()
    assert (str(window.first), str(window.last)) == ("2024-03-03 07:55:00", "2024-03-03 09:30:00")


def test_each_caller_may_spoil_its_own_copy() -> None:
    example_request()["valor"]["0"] = None
    assert example_request()["valor"]["0"] is not None


def test_the_answers_example_has_the_answers_shape() -> None:
    answer = example_answer()
    fields = PredictionSchema().fields
    assert set(answer) == set(fields) - {"alert"}
    assert sum(answer["inferences"].values()) == pytest.approx(1)
    assert answer["State"].lower() == max(answer["inferences"], key=answer["inferences"].get).lower()
