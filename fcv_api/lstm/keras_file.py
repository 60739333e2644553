"""Look into a Keras file before anything in it is deserialised. Needs h5py, and no Keras.

A saved model is a program: Lambda layers hold Python bytecode, and a class or function is named by module and
name. So only the names of `keras_names.py` pass; what else there is, is refused without being loaded.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson

from fcv_api.lstm import hdf5_file
from fcv_api.lstm.keras_config import for_serving
from fcv_api.lstm.keras_names import KerasFileError, check_names

ZIP, PICKLE = b"PK\x03\x04", b"\x80"
MODELS = {"Sequential", "Functional", "Model"}
ZIPPED = ".keras"
WEIGHTS = "model.weights.h5"
CONFIG = "model_config"
MEMBERS = {"metadata.json", "config.json", WEIGHTS}
LARGEST_MODEL = 1024**3  # bytes


@dataclass(frozen=True, slots=True)
class KerasFile:
    """A Keras file that names nothing but known layers."""

    name: str
    sha256: str
    keras_version: str
    path: Path
    """A private copy of the bytes that were looked at, with the ending that makes Keras read them as we did."""
    changes: tuple[str, ...] = ()
    """What was changed in the copy's configuration, in words."""

    @property
    def keras_major(self) -> int:
        """Which Keras can load it: 2 or 3."""
        return int(self.keras_version.split(".")[0])

    @classmethod
    def inspect(cls, path: Path, private: Path) -> KerasFile:
        """Read a file's own words about itself. private: an empty folder of our own. Raises KerasFileError."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise KerasFileError(f"{path}: {error.strerror}.") from None
        if not content:
            raise KerasFileError(f"{path} is empty.")
        copy = private / f"model{_ending(path, content)}"
        copy.write_bytes(content)
        try:
            version, config = _read_zip(copy, path) if copy.suffix == ZIPPED else _read_hdf5(content, path)
            config, changes = for_serving(config)
            _check_whole(path, config)
            if changes:
                _rewrite(copy, config)
        except RecursionError:
            raise KerasFileError(f"{path} is nested too deeply.") from None
        if version.split(".")[0] not in ("2", "3"):
            raise KerasFileError(f"{path} was written by Keras {version}; 2.x and 3.x can be imported.")
        return cls(path.name, hashlib.sha256(content).hexdigest(), version, copy, tuple(changes))


def _ending(path: Path, content: bytes) -> str:
    """Choose by what the file is, not by its name, and so that Keras reads as one what was looked at as one."""
    zipped = zipfile.is_zipfile(BytesIO(content))
    if content.startswith(hdf5_file.SIGNATURE) and not zipped:
        return ".h5"
    if content.startswith(ZIP) and zipped:
        return ZIPPED
    if content.startswith(PICKLE):
        raise KerasFileError(f"{path} is a Python pickle, which is code.")
    if zipped:
        raise KerasFileError(f"{path} has an archive at its end, which a Keras model has not.")
    whole = "a whole" if content.startswith(ZIP) else "an HDF5 file or a"
    raise KerasFileError(f"{path} is not {whole} .keras archive.")


def _check_whole(path: Path, config: Any) -> None:  # noqa: ANN401 - any JSON
    """Refuse a configuration that is not one of a model of known layers. Raises KerasFileError."""
    if not (isinstance(config, dict) and config.get("class_name") in MODELS and "config" in config):
        raise KerasFileError(f"{path} does not describe a Keras model.")
    check_names(config)


def _read_zip(copy: Path, path: Path) -> tuple[str, Any]:
    """Read a `.keras` archive's version and configuration. Its checksums tell a flipped bit."""
    try:
        with zipfile.ZipFile(copy) as archive:
            _check_members(path, archive)
            metadata = orjson.loads(archive.read("metadata.json"))
            config = orjson.loads(archive.read("config.json"))
            hdf5_file.read_attributes(archive.read(WEIGHTS), f"{WEIGHTS} of {path}", ())
            config.pop("compile_config", None)  # the optimiser and the losses, which are not loaded
            return str(metadata["keras_version"]), config
    except (KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error, OSError) as error:
        raise KerasFileError(f"{path} is not a whole .keras archive: {error}.") from None


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an archive that holds anything but the three files of a Keras model, or more than it should."""
    odd = sorted(set(archive.namelist()) - MEMBERS)
    if odd or len(archive.namelist()) > len(MEMBERS):
        raise KerasFileError(f"{path} holds {odd or 'a member twice'}, which a Keras model does not.")
    if sum(member.file_size for member in archive.infolist()) > LARGEST_MODEL:
        raise KerasFileError(f"{path} unpacks to more than {LARGEST_MODEL} bytes.")


def _read_hdf5(content: bytes, path: Path) -> tuple[str, Any]:
    """Read an `.h5` file's version and configuration."""
    said = hdf5_file.read_attributes(content, str(path), (CONFIG, "keras_version"))
    if CONFIG not in said:
        raise KerasFileError(f"{path} holds weights without a model; save it with model.save().")
    try:
        return said["keras_version"], orjson.loads(said[CONFIG])
    except (KeyError, ValueError) as error:
        raise KerasFileError(f"{path} is not a whole Keras file: {error}.") from None


def _rewrite(copy: Path, config: Any) -> None:  # noqa: ANN401
    """Let a copy describe another model over the same weights."""
    text = orjson.dumps(config)
    if copy.suffix != ZIPPED:
        hdf5_file.write_attribute(copy, CONFIG, text)
        return
    with zipfile.ZipFile(copy) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(copy, "w") as archive:
        for name, content in (members | {"config.json": text}).items():
            archive.writestr(name, content)
