"""Keras files whose weights lie elsewhere than in them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import h5py
import orjson
from conftest import FIXTURES

Trick = Callable[[h5py.Group, str], None]
"""Puts something in the place of a dataset: the group that it lies in, and its name."""
DOUBLED = 39
"""Groups that each hold two links to the next have 2^39 paths."""


def external_storage(group: h5py.Group, name: str) -> None:
    shape = group[name].shape
    del group[name]
    group.create_dataset(name, shape, "f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def virtual_dataset(group: h5py.Group, name: str) -> None:
    layout = h5py.VirtualLayout(group[name].shape, "f4")
    layout[...] = h5py.VirtualSource("/srv/other.h5", "weights", group[name].shape)
    del group[name]
    group.create_virtual_dataset(name, layout)


def external_link(group: h5py.Group, name: str) -> None:
    del group[name]
    group[name] = h5py.ExternalLink("/srv/other.h5", "/weights")


def soft_link(group: h5py.Group, name: str) -> None:
    group.move(name, "moved")
    group[name] = h5py.SoftLink("moved")


def behind_a_second_group(group: h5py.Group, name: str) -> None:
    """Keep the dataset, and put one that lies elsewhere where no layer looks."""
    deep = group.create_group("/unused/group")
    deep.create_dataset(name, (4,), "f4")
    external_storage(deep, name)


TRICKS: dict[str, tuple[Trick, str]] = {
    "external storage": (external_storage, "a dataset that is kept in another file"),
    "virtual dataset": (virtual_dataset, "a dataset that is made of others"),
    "external link": (external_link, "a link to another file"),
    "soft link": (soft_link, "a soft link"),
    "unused": (behind_a_second_group, "a dataset that is kept in another file"),
}


def doubled_groups(group: h5py.Group, _name: str) -> None:
    """Let each of many groups hold two hard links to the next, and the last one to the first."""
    first = here = group.create_group("/doubled")
    for _ in range(DOUBLED):
        following = here.create_group("one")
        here["two"] = following
        here = following
    here["one"] = first


def spoilt_h5(trick: Trick, path: Path, source: str = "lstm_relu_keras2.h5") -> Path:
    """Write an `.h5` model with a trick in it."""
    path.write_bytes(_spoilt((FIXTURES / source).read_bytes(), trick))
    return path


def spoilt_archive(trick: Trick, path: Path, keras_version: str | None = None) -> Path:
    """Write a `.keras` model with a trick in its weights; keras_version: what its metadata say instead."""
    with zipfile.ZipFile(FIXTURES / "lstm_keras3.keras") as source, zipfile.ZipFile(path, "w") as archive:
        metadata = orjson.loads(source.read("metadata.json"))
        metadata["keras_version"] = keras_version or metadata["keras_version"]
        archive.writestr("metadata.json", orjson.dumps(metadata))
        archive.writestr("config.json", source.read("config.json"))
        archive.writestr("model.weights.h5", _spoilt(source.read("model.weights.h5"), trick))
    return path


def _spoilt(content: bytes, trick: Trick) -> bytes:
    changed = BytesIO(content)
    with h5py.File(changed, "a") as file:
        found: list[h5py.Dataset] = []
        file.visititems(lambda _name, node: found.append(node) if isinstance(node, h5py.Dataset) else None)
        kernel = next(node for node in found if node.ndim == 2)
        trick(kernel.parent, kernel.name.rsplit("/", 1)[1])
    return changed.getvalue()
