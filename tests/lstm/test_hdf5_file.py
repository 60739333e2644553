"""What an HDF5 file may not hold, in whatever it lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hdf5_tricks import TRICKS, Trick, doubled_groups, spoilt_archive, spoilt_h5

from fcv_api.lstm.import_process import import_file
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_names import KerasFileError

Spoil = Callable[[Trick, Path], Path]
CONTAINERS: dict[str, Spoil] = {
    "h5 of Keras 2": spoilt_h5,
    "h5 of Keras 3": lambda trick, path: spoilt_h5(trick, path, "lstm_keras3.h5"),
    "keras": spoilt_archive,
    "keras that says Keras 2": lambda trick, path: spoilt_archive(trick, path, "2.15.0"),
}


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_weights_that_lie_in_another_file_are_refused(tmp_path: Path, container: str, trick: str) -> None:
    spoil, reason = TRICKS[trick]
    path = CONTAINERS[container](spoil, tmp_path / "model.any")
    (tmp_path / "private").mkdir()
    with pytest.raises(KerasFileError, match=f"holds {reason}"):
        KerasFile.inspect(path, tmp_path / "private")


@pytest.mark.parametrize("container", CONTAINERS)
def test_groups_that_are_linked_twice_are_visited_once(tmp_path: Path, container: str) -> None:
    path = CONTAINERS[container](doubled_groups, tmp_path / "model.any")
    (tmp_path / "private").mkdir()
    assert KerasFile.inspect(path, tmp_path / "private").sha256


@pytest.mark.needs_train
@pytest.mark.parametrize("container", CONTAINERS)
def test_the_import_refuses_weights_from_another_file(tmp_path: Path, container: str) -> None:
    path = CONTAINERS[container](TRICKS["external storage"][0], tmp_path / "model.any")
    with pytest.raises(KerasFileError, match="kept in another file"):
        import_file(path, ImportRequest("any", "1"), lambda _step, _done: None)
