"""A disk that a test can fill and empty while a service writes to it."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from service import Service

SIZE, LEFT = 128 * 1024**2, 1024**2  # bytes; what is left is for the service to fill by itself


class Disk(Protocol):
    """Where a service keeps what it must not lose. folder: on this disk."""

    @property
    def folder(self) -> Path: ...

    def fill(self, service: Service) -> None:
        """Leave it next to nothing."""

    def empty(self, service: Service) -> None:
        """Make room again."""


@dataclass(frozen=True)
class Mounted:
    """A file system of its own, in memory."""

    folder: Path

    def fill(self, service: Service) -> None:
        """Put a file there that takes the room, piece by piece, because the service takes some meanwhile."""
        assert service
        with (self.folder / "filler").open("wb") as filler, suppress(OSError):  # it may be full before we are done
            for piece in range(SIZE // LEFT):
                if self._room() <= LEFT:
                    break
                os.posix_fallocate(filler.fileno(), piece * LEFT, min(LEFT, self._room() - LEFT))

    def _room(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def empty(self, service: Service) -> None:
        """Take the file away."""
        assert service
        (self.folder / "filler").unlink()


@dataclass(frozen=True)
class Limited:
    """A limit on how long the files of the workers may get, where nothing may be mounted, as in many a container."""

    folder: Path

    def fill(self, service: Service) -> None:
        """Let no file grow by more than the database's log may, or at all where it is the shorter one."""
        sizes = [path.stat().st_size for path in (self.folder / "fcv.db-wal", self.folder / "app.log") if path.exists()]
        self._limit(service, min(sizes) + LEFT // 16)

    def empty(self, service: Service) -> None:
        """Take the limit away."""
        self._limit(service, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(service: Service, size: int) -> None:
        for pid in service.workers():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mount a small disk; where that is refused, limit the files of a folder."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield Limited(folder)
        return
    try:
        yield Mounted(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
