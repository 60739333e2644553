"""Look into an HDF5 file before Keras does: whatever it holds must lie in it. Needs h5py, and no Keras.

HDF5 can keep a dataset in other files of the host (external storage, virtual datasets), and link to them. Keras would
read those into the weights.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from fcv_api.lstm.keras_names import KerasFileError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MOST_OBJECTS = 1_000_000


def read_attributes(content: bytes, name: str, wanted: tuple[str, ...]) -> dict[str, str]:
    """Check a file, and return those of its root's attributes that it has, as text. Raises KerasFileError.

    name: how the file is called in a refusal.
    """
    import h5py  # only the `train` extra carries it

    try:
        with h5py.File(BytesIO(content)) as file:
            _check_objects(h5py, file.id, name)
            return {key: _text(file.attrs[key]) for key in wanted if key in file.attrs}
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise KerasFileError(f"{name} is not a whole Keras file: {error}.") from None


def write_attribute(path: Path, key: str, text: bytes) -> None:
    """Replace an attribute of a file's root."""
    import h5py  # only the `train` extra carries it

    with h5py.File(path, "r+") as file:
        file.attrs[key] = text


def _check_objects(h5py: Any, root: Any, name: str) -> None:  # noqa: ANN401 - h5py ships no types
    """Visit each object once: by hard links, 39 groups can have 2^39 paths. Raises KerasFileError."""
    seen, waiting = set(), [h5py.h5g.open(root, b"/")]
    while waiting:
        group = waiting.pop()
        for link in group:
            kind = group.links.get_info(link).type
            if kind != h5py.h5l.TYPE_HARD:
                _refuse(name, "a soft link" if kind == h5py.h5l.TYPE_SOFT else "a link to another file")
            address = h5py.h5o.get_info(group, link).addr
            if address in seen:
                continue
            seen.add(address)
            found = h5py.h5o.open(group, link)
            if isinstance(found, h5py.h5g.GroupID):
                waiting.append(found)
            elif isinstance(found, h5py.h5d.DatasetID):
                _check_storage(h5py, found.get_create_plist(), name)
        if len(seen) > MOST_OBJECTS:
            _refuse(name, f"more than {MOST_OBJECTS:,} objects")


def _check_storage(h5py: Any, created: Any, name: str) -> None:  # noqa: ANN401
    """Refuse a dataset whose numbers lie elsewhere. created: what it was created with. Raises KerasFileError."""
    if created.get_external_count():
        _refuse(name, "a dataset that is kept in another file (external storage)")
    if created.get_layout() == h5py.h5d.VIRTUAL:
        _refuse(name, "a dataset that is made of others (virtual)")


def _refuse(name: str, what: str) -> None:
    raise KerasFileError(f"{name} holds {what}, which a Keras model does not.")


def _text(attribute: str | bytes) -> str:
    return attribute.decode() if isinstance(attribute, bytes) else str(attribute)
