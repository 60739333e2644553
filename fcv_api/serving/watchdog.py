"""Signs of life of a loop, and what ends the process when they stop.

A process that is frozen in the middle of a write keeps SQLite's write lock, and shuts all others out.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

from gunicorn.systemd import sd_notify

FROZEN_AFTER = 5.0
"""Seconds without a sign of life: `WatchdogSec` in deploy/fcv-feed.service is the same."""

log = logging.getLogger("fcv_api")


class SignsOfLife:
    """What a loop gives: to systemd, where it asks for it, and by the time of a file, for anyone else.

    The file holds the process's number. Its time is the monotonic clock's: nobody is ended because a clock was set.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def begin(self) -> None:
        """Report that the start is over. Raises OSError where the file cannot be written."""
        if self._file:
            self._file.write_text(str(os.getpid()), "ascii")
        self.beat()
        sd_notify("READY=1", log)

    def beat(self) -> None:
        """Send a sign of life. Raises OSError where the file is gone."""
        if self._file:
            now = time.monotonic()
            os.utime(self._file, (now, now))
        sd_notify("WATCHDOG=1", log)


def end_if_frozen(file: Path) -> bool:
    """Return whether the process of a file gave a sign of life lately. One that did not is ended.

    A container's health check runs this: Docker starts a container again whose process ended, and not one whose
    process is frozen. Raises OSError before the first sign of life.
    """
    if time.monotonic() - file.stat().st_mtime <= FROZEN_AFTER:
        return True
    os.kill(int(file.read_text("ascii")), signal.SIGKILL)
    return False


if __name__ == "__main__":
    sys.exit(not end_if_frozen(Path(sys.argv[1])))
