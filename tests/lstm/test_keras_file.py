"""What a Keras file says of itself, read before anything in it is loaded."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from fcv_api.lstm.keras_file import KerasFile, KerasFileError, check_names

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.mark.parametrize(
    ("name", "major"),
    [("lstm_relu_keras2.h5", 2), ("bilstm_gru_keras2.h5", 2), ("lstm_keras3.h5", 3), ("lstm_keras3.keras", 3)],
)
def test_the_file_says_which_keras_wrote_it(name: str, major: int) -> None:
    assert KerasFile.inspect(FIXTURES / name).keras_major == major


def test_a_lambda_layer_is_refused_before_it_is_loaded() -> None:
    with pytest.raises(KerasFileError, match="Lambda layer, which is code"):
        KerasFile.inspect(FIXTURES / "lambda_keras2.h5")


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"class_name": "MyAttention"}, "names 'MyAttention'"),
        ({"class_name": "Dense", "registered_name": "group>Dense"}, "names 'Dense'"),
        ({"class_name": "Dense", "module": "os"}, "module 'os'"),
        ({"class_name": "function", "module": "builtins", "config": "eval"}, "function 'eval'"),
        ({"class_name": "TFOpLambda"}, "TFOpLambda layer, which is code"),
        ({"class_name": "Sequential", "config": {"layers": [[{"class_name": "Evil"}]]}}, "names 'Evil'"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["class_name"],
)
def test_names_that_are_not_keras_own_are_refused(node: dict[str, Any], reason: str) -> None:
    with pytest.raises(KerasFileError, match=reason):
        check_names({"layers": [node]})


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.h5").touch()
    with pytest.raises(KerasFileError, match="is empty"):
        KerasFile.inspect(tmp_path / "model.h5")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KerasFileError, match="No such file"):
        KerasFile.inspect(tmp_path / "model.h5")


@pytest.mark.parametrize("name", ["lstm_relu_keras2.h5", "lstm_keras3.keras"])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes((FIXTURES / name).read_bytes()[:20_000])
    with pytest.raises(KerasFileError, match="is not a whole"):
        KerasFile.inspect(tmp_path / name)


def test_an_archive_without_a_model_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("readme.txt", "no model")
    with pytest.raises(KerasFileError, match=r"is not a whole \.keras archive"):
        KerasFile.inspect(tmp_path / "model.keras")
