"""What a Keras file says of itself, read before anything in it is loaded."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_names import KerasFileError, check_names

FIXTURES = Path(__file__).parents[1] / "fixtures"


def inspect(path: Path, folder: Path) -> KerasFile:
    private = folder / "private"
    private.mkdir()
    return KerasFile.inspect(path, private)


@pytest.mark.parametrize(
    ("name", "major"),
    [("lstm_relu_keras2.h5", 2), ("bilstm_gru_keras2.h5", 2), ("lstm_keras3.h5", 3), ("lstm_keras3.keras", 3)],
)
def test_the_file_says_which_keras_wrote_it(tmp_path: Path, name: str, major: int) -> None:
    assert inspect(FIXTURES / name, tmp_path).keras_major == major


def test_a_lambda_layer_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(KerasFileError, match="Lambda layer, which is code"):
        inspect(FIXTURES / "lambda_keras2.h5", tmp_path)


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"class_name": "MyAttention"}, "names 'MyAttention'"),
        ({"class_name": "Dense", "registered_name": "group>Dense"}, "names 'Dense'"),
        ({"class_name": "Dense", "module": "os"}, "module 'os'"),
        ({"class_name": "function", "module": "builtins", "config": "eval"}, "function 'eval'"),
        ({"class_name": "TFOpLambda"}, "TFOpLambda layer that calls tf.None, which may do more than compute"),
        ({"class_name": "SlicingOpLambda", "config": {"function": "io.read_file"}}, "calls tf.io.read_file"),
        ({"class_name": "TFOpLambda", "config": {"function": "py_function"}}, "calls tf.py_function"),
        ({"class_name": "GetItem"}, "cannot load its own operation 'GetItem' from an .h5 file; save it as .keras"),
        ({"class_name": "GetItem", "module": "keras.src.utils"}, "names 'GetItem'"),
        ({"class_name": "Map", "module": "keras.src.ops.core"}, "names 'Map'"),
        ({"class_name": "TFSMLayer", "module": "keras.layers"}, "names 'TFSMLayer'"),
        ({"class_name": "__lambda__"}, "names '__lambda__'"),
        ({"class_name": "Sequential", "config": {"layers": [[{"class_name": "Evil"}]]}}, "names 'Evil'"),
    ],
    ids=str,
)
def test_names_that_are_not_keras_own_are_refused(node: dict[str, Any], reason: str) -> None:
    with pytest.raises(KerasFileError, match=reason):
        check_names({"layers": [node]})


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.h5").touch()
    with pytest.raises(KerasFileError, match="is empty"):
        inspect(tmp_path / "model.h5", tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KerasFileError, match="No such file"):
        inspect(tmp_path / "model.h5", tmp_path)


@pytest.mark.parametrize("name", ["lstm_relu_keras2.h5", "lstm_keras3.keras"])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes((FIXTURES / name).read_bytes()[:20_000])
    with pytest.raises(KerasFileError, match="is not a whole"):
        inspect(tmp_path / name, tmp_path)


def test_an_archive_without_a_model_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("readme.txt", "no model")
    with pytest.raises(KerasFileError, match=r"holds \['readme.txt'\], which a Keras model does not"):
        inspect(tmp_path / "model.keras", tmp_path)


def test_an_hdf5_file_with_an_archive_at_its_end_is_refused(tmp_path: Path) -> None:
    """Looked at as the harmless archive, and loaded as the HDF5 file, it would run its Lambda layer."""
    both = tmp_path / "model.h5"
    both.write_bytes((FIXTURES / "lambda_keras2.h5").read_bytes())
    with zipfile.ZipFile(both, "a") as archive:
        archive.writestr("metadata.json", '{"keras_version": "2.15.0"}')
        archive.writestr("config.json", '{"class_name": "Sequential", "config": {}}')
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(KerasFileError, match="has an archive at its end"):
        inspect(both, tmp_path)


def test_what_is_looked_at_is_a_copy_that_keras_reads_in_the_same_way(tmp_path: Path) -> None:
    misnamed = tmp_path / "model.h5"
    misnamed.write_bytes((FIXTURES / "lstm_keras3.keras").read_bytes())
    file = inspect(misnamed, tmp_path)
    assert (file.path.suffix, file.path.read_bytes()) == (".keras", misnamed.read_bytes())
    assert file.path != misnamed


@pytest.mark.parametrize(
    ("metadata", "config"),
    [
        ("[]", "{}"),
        ('{"keras_version": "3.1"}', "[]"),
        ('{"keras_version": "3.1"}', "{}"),
        ('{"keras_version": "3.1"}', "[" * 5000),
        (
            '{"keras_version": "3.1"}',
            '{"class_name": "Sequential"}',
        ),
        (
            '{"keras_version": "3.1"}',
            '{"class_name": "Sequential", "config": {"class_name": "function", "config": {}}}',
        ),
    ],
)
def test_an_archive_that_describes_no_model_gets_a_sentence(tmp_path: Path, metadata: str, config: str) -> None:
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name, text in {"metadata.json": metadata, "config.json": config, "model.weights.h5": ""}.items():
            archive.writestr(name, text)
    with pytest.raises(KerasFileError):
        inspect(tmp_path / "model.keras", tmp_path)


def test_the_optimiser_of_a_compiled_model_is_no_reason_to_refuse_it(tmp_path: Path) -> None:
    compiled = {"class_name": "Sequential", "config": {"layers": []}, "compile_config": {"class_name": "Adam"}}
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name, content in {"metadata.json": {"keras_version": "3.1"}, "config.json": compiled}.items():
            archive.writestr(name, json.dumps(content))
        archive.writestr("model.weights.h5", zipfile.ZipFile(FIXTURES / "lstm_keras3.keras").read("model.weights.h5"))
    assert inspect(tmp_path / "model.keras", tmp_path).keras_major == 3
