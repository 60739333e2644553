"""A worker's slot: the number by which its counts are filed, and which its successor goes on counting in.

So there are as many files as workers that ever lived at one moment, however often they are replaced, and no count
falls when a worker ends. A slot is held by a lock of the kernel's, which ends with its process: no two live workers
can have one, whichever master started them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import struct
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from zlib import crc32

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder to prometheus_client. Set in workers only."""
KINDS = ("counter", "histogram")
BYTES = 1 << 18
"""Of each file, written at once: a page that is not there when a full disk is asked for it ends the process."""
LOCK = struct.Struct("hhqqi")
"""`struct flock` of 64-bit Linux: type, whence, start, length, process."""
TAKEN = (BlockingIOError, PermissionError)


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that this process holds until it ends. lock: a descriptor."""

    number: int
    lock: int


def folder_of(log_dir: Path, bind: str) -> Path:
    """Return the folder of an instance's counts: another one for each that logs or listens elsewhere."""
    name = f"fcv-metrics-{os.geteuid()}-{crc32(f'{log_dir} {bind}'.encode()):08x}"
    return Path(tempfile.gettempdir()) / name


def prepare(folder: Path) -> None:
    """Make the folder, or empty it where no worker lives. Raises OSError where it is another user's."""
    _own(folder)
    clear(folder)
    _own(folder)


def clear(folder: Path) -> None:
    """Delete the folder, unless a worker lives: one of the master before an upgrade, or after it."""
    if not holders(folder):
        shutil.rmtree(folder, ignore_errors=True)


def claim(folder: Path) -> Slot:
    """Hold the lowest slot that is free, and file this process's counts by it. Raises OSError."""
    _own(folder)
    slot = next(found for number in count() if (found := _lock(folder / f"slot_{number}", number)))
    for kind in KINDS:
        _reserve(folder / f"{kind}_{slot.number}.db")
    os.environ[FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: slot.number)  # type: ignore[no-untyped-call]
    return slot


def holders(folder: Path) -> dict[int, int]:
    """Return the process that holds each slot that is held. The kernel is asked, and no lock is taken for it.

    Only Linux tells; elsewhere none is held. One's own slot is not among them.
    """
    found = {}
    for file in folder.glob("slot_*"):
        with suppress(OSError), file.open("rb") as opened:
            asked = LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, *_where, process = LOCK.unpack(fcntl.fcntl(opened, fcntl.F_GETLK, asked))
            if kind != fcntl.F_UNLCK:
                found[int(file.name.rpartition("_")[2])] = process
    return found


def _own(folder: Path) -> None:
    """Make a folder that no other user can read or write. Raises OSError where one is there already."""
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a folder of this user's alone")


def _lock(file: Path, number: int) -> Slot | None:
    """Return a slot that was free; None for one that is held, or whose file was deleted meanwhile."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), file.stat()):
            return Slot(number, descriptor)
    except (*TAKEN, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _reserve(file: Path) -> None:
    """Make a file of counts whose every page is there; one that cannot be read is begun anew. Raises OSError.

    It gets its name when it is whole: a scrape reads it from then on.
    """
    if file.exists() and _is_whole(file):
        return
    unfinished = file.with_suffix(".new")
    with unfinished.open("wb") as opened:
        opened.write(bytes(BYTES))
    unfinished.rename(file)


def _is_whole(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            (used,) = struct.unpack("i", opened.read(4))
        found = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
        return 0 <= used <= file.stat().st_size >= BYTES and all(found)
    except (RuntimeError, ValueError, struct.error):
        return False
