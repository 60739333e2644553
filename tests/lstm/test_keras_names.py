"""The names that pass: those of every Keras, and of no version alone."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

import pytest
from keras_exports import KINDS, OPERATIONS, RECORDED, exported

from fcv_api.lstm import keras_table
from fcv_api.lstm.keras_names import REFUSED

REFUSED_NAMES = set().union(*REFUSED.values())
TABLE = {
    "layers": keras_table.LAYERS,
    **dict.fromkeys(("initializers", "regularizers", "constraints"), keras_table.PARTS),
    "activations": keras_table.FUNCTIONS,
    OPERATIONS: keras_table.OPERATIONS,
}


@cache
def installed(package: str) -> dict[str, set[str]]:
    """Read the names of a Keras that is installed here, without loading it."""
    found = importlib.util.find_spec(package)
    assert found is not None
    return exported(Path(str(found.origin)).parent)


@pytest.mark.parametrize("kind", [*KINDS, OPERATIONS])
def test_every_name_of_keras_3_0_to_3_15_is_known_or_refused_for_a_reason(kind: str) -> None:
    recorded = json.loads(RECORDED.read_text("utf-8"))[kind]
    assert set(recorded) - TABLE[kind] - REFUSED_NAMES == set()


@pytest.mark.needs_train
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_every_name_of_the_installed_keras_is_known_or_refused_for_a_reason(package: str) -> None:
    unknown = {kind: names - TABLE[kind] - REFUSED_NAMES for kind, names in installed(package).items()}
    assert [name for names in unknown.values() for name in names] == []


@pytest.mark.needs_train
def test_nothing_is_known_that_no_keras_writes() -> None:
    recorded = json.loads(RECORDED.read_text("utf-8"))
    second = installed("tf_keras")
    written = {name for kind in (*KINDS, OPERATIONS) for name in {*recorded[kind], *second[kind]}}
    assert set().union(*TABLE.values()) - written == set()


def test_what_is_code_or_reads_files_is_in_no_table() -> None:
    assert REFUSED_NAMES & set().union(*TABLE.values()) == set()


def test_the_names_that_keras_3_8_dropped_are_recorded_with_their_versions() -> None:
    recorded = json.loads(RECORDED.read_text("utf-8"))["initializers"]
    assert recorded["OrthogonalInitializer"] == ["3.0.5", "3.6.0"]
    assert recorded["Orthogonal"][1] == "3.15.1"
