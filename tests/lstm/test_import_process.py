"""The process that imports: what it refuses, and what is left when it is ended."""

from __future__ import annotations

import contextlib
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
from conftest import FIXTURES

from fcv_api.lstm import import_process
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.import_process import import_file, parity_of
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_import import Report, import_model
from fcv_api.lstm.keras_names import KerasFileError

pytestmark = [pytest.mark.needs_train, pytest.mark.filterwarnings("ignore")]  # TensorFlow and Keras warn of themselves
H5, KERAS = FIXTURES / "lstm_relu_keras2.h5", FIXTURES / "lstm_keras3.keras"
REQUEST = ImportRequest("LSTM", "1.0.0")
IMPORTED = Artifact.load(FIXTURES / "models" / "fcv-untrained" / "0.1.0")
"""What an import of `H5` gave."""


class Touched:
    """Unpickled, it would touch a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self._file,)


def refusal(path: Path) -> str:
    """Give the sentence that a file is refused with."""
    with pytest.raises(KerasFileError) as refused:
        import_process.import_file(path, REQUEST, lambda _step, _done: None)
    assert "Traceback" not in str(refused.value)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_pickle_is_refused_and_not_opened(tmp_path: Path) -> None:
    (tmp_path / "model.h5").write_bytes(pickle.dumps(Touched(tmp_path / "touched")))
    assert "a Python pickle, which is code" in refusal(tmp_path / "model.h5")
    assert not (tmp_path / "touched").exists()


def test_a_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_text("weights")
    assert "is not an HDF5 file or a .keras archive" in refusal(tmp_path / "model.keras")


@pytest.mark.parametrize("name", ["../evil.py", "assets/code.pkl", "__init__.py"])
def test_an_archive_with_an_odd_member_is_refused(tmp_path: Path, name: str) -> None:
    copy = tmp_path / "model.keras"
    copy.write_bytes(KERAS.read_bytes())
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr(name, "print('run')")
    assert f"holds ['{name}'], which a Keras model does not" in refusal(copy)


def test_a_flipped_bit_in_an_archive_is_refused(tmp_path: Path) -> None:
    content = bytearray(KERAS.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "model.keras").write_bytes(content)
    assert "is not a whole .keras archive: Bad CRC-32" in refusal(tmp_path / "model.keras")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Import in this process, which loads TensorFlow once for all tests, where it is not the process that is tested."""

    def imported(path: Path, request: ImportRequest, report: Report, _seconds: float = 0) -> Artifact:
        private = tmp_path / "private"
        private.mkdir()
        return import_model(KerasFile.inspect(path, private), request, report)

    monkeypatch.setattr(import_process, "import_file", imported)


@pytest.mark.usefixtures("here")
def test_weights_that_are_no_numbers_are_refused_by_the_layers_name(tmp_path: Path) -> None:
    copy = tmp_path / "model.h5"
    copy.write_bytes(H5.read_bytes())
    with h5py.File(copy, "a") as file:
        weights: list[h5py.Dataset] = []
        file["model_weights"].visititems(lambda _name, node: weights.append(node) if hasattr(node, "dtype") else None)
        weights[0][...] = float("nan")
    assert "hold NaN or infinity" in refusal(copy)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_gets_a_sentence_or_is_still_whole(tmp_path: Path, seed: int) -> None:
    """Flip bytes where HDF5 keeps its structure. What can still be read may be imported: HDF5 has no checksums."""
    dice, content = random.Random(seed), bytearray(H5.read_bytes())
    for _ in range(20):
        content[dice.randrange(8, 4096)] ^= 1 << dice.randrange(8)
    (tmp_path / "model.h5").write_bytes(content)
    with contextlib.suppress(KerasFileError):  # anything else would be a traceback
        import_file(tmp_path / "model.h5", REQUEST, lambda _step, _done: None)


def test_an_import_that_takes_too_long_is_ended() -> None:
    with pytest.raises(KerasFileError, match="took too much memory or time"):
        import_file(H5, REQUEST, lambda _step, _done: None, seconds=0.5)


def child(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another module import instead."""
    (folder / "other_child.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(import_process, "CHILD", "other_child")


def test_an_import_that_takes_too_much_memory_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited = "from fcv_api.lstm import import_child as child; child.LARGEST_MEMORY = 400 * 1024**2; child.main()"
    child(limited, tmp_path, monkeypatch)
    with pytest.raises((KerasFileError, import_process.TrainExtraMissing)):
        import_file(H5, REQUEST, lambda _step, _done: None)


def test_what_the_kernel_does_not_forbid_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The lines of a child that runs where there is no Landlock."""
    child('print(\'{"unconfined": "see other files"}\\n{"error": "No."}\')', tmp_path, monkeypatch)
    with pytest.raises(KerasFileError, match="No"):
        import_file(H5, REQUEST, lambda _step, _done: None)
    assert "does not confine the process that opens a model's file: its code could see other files." in caplog.text


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(KerasFileError, match="took too much memory or time"):
        import_file(H5, REQUEST, lambda _step, _done: None, seconds=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("here")
def test_parity_with_its_own_file_is_found_again() -> None:
    assert parity_of(H5, IMPORTED) < 1e-5


@pytest.mark.usefixtures("here")
def test_parity_with_another_file_is_refused() -> None:
    with pytest.raises(KerasFileError, match="differs from the Keras file"):
        parity_of(KERAS, IMPORTED)
