"""Programs beside the workers: `fcv feed run`, where `FCV_FEED` is `child`, and `fcv metrics --serve`.

All of it runs in the master's main thread, between its own looks at the workers: a thread of the master would hold
locks that a worker inherits when it is forked, and the kernel takes a thread's end for its parent's.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from fcv_api.serving.sign_of_life import SignOfLife
from fcv_api.serving.watchdog import FROZEN_AFTER

LONGEST_START = 60.0
"""Seconds to its first sign of life: a model that this host has not loaded before is tried first."""
LONGEST_PAUSE = 60.0
"""Seconds between one that ended and the next one, which begin with one second and double."""
SETTLED = 60.0
"""Seconds after which one that ends is no failure to start."""
SECONDS_TO_END = 5.0
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Processors are the web workers' business. LiteRT's interpreters have one thread each anyhow."""
INITS = ("docker-init", "tini", "catatonit", "dumb-init")
"""What containers are given as their process 1, when that is not the service itself."""
REFUSED = (
    "FCV_FEED=child is for a service that is started by hand. {where} set FCV_FEED=on and run `fcv feed run` as "
    "{unit}, or set FCV_FEED=off."
)

log = logging.getLogger("fcv_api")


def refused_here() -> str | None:
    """Return why this process may not have the feed as a child, where that is so.

    What started it would not know of the child: neither its limits nor its health nor its end would be its own. A
    shell in a container or in a session of systemd's may start what it likes.
    """
    if os.environ.get("NOTIFY_SOCKET") or os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid()):
        return REFUSED.format(where="Under systemd", unit="a unit of its own (deploy/fcv-feed.service)")
    if os.getpid() == 1 or (os.getppid() == 1 and _name_of_init() in INITS):
        return REFUSED.format(where="In a container", unit="a service of its own (`feed` in docker-compose.yml)")
    return None


def _name_of_init() -> str:
    try:
        return Path("/proc/1/comm").read_text("ascii").strip()
    except OSError:
        return ""


class ChildProcess:
    """The child: started, looked at once a second, started again when it ended or froze, and ended with its parent."""

    def __init__(self, name: str, sign: SignOfLife, command: list[str]) -> None:
        """name: in the log. sign: whose time it sets, as a worker does. command: without the options for this."""
        self._name, self._sign, self._command = name, sign, command
        self.process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._next_start, self._pause = 0.0, 1.0

    def look(self) -> None:
        """Start it where it is due, and end it where it gives no sign of life. Raises nothing: the master goes on."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._next_start:
                self._start(now)
        elif self.process.poll() is not None:  # gunicorn may have reaped it, and then nobody knows its exit code
            self.process = None
            self._wait(now, settled=now - self._started > SETTLED)
        elif self._is_frozen(now):
            log.error("%s: process %d gives no sign of life, and is killed", self._name, self.process.pid)
            self.process.kill()

    def stop(self) -> None:
        """End it: by SIGTERM, and by SIGKILL when it does not."""
        if self.process is None:
            return
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS_TO_END)
        self.process.kill()
        self.process.wait()

    def _start(self, now: float) -> None:
        self._sign.notify()
        self._started = self._sign.last_update()
        own = ["--parent", str(os.getpid()), "--sign-of-life", f"/dev/fd/{self._sign.fileno()}"]
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, *own], env=_environment(), pass_fds=[self._sign.fileno()]
            )
        except OSError as error:  # no memory or no room for one more process, now
            log.error("%s: it cannot be started: %s", self._name, error.strerror)  # noqa: TRY400 - a fact, not a bug
            self._wait(now, settled=False)

    def _wait(self, now: float, *, settled: bool) -> None:
        """Put the next start off: twice as long as before, where it ended soon after the last one."""
        pause = self._pause = 1.0 if settled else min(self._pause, LONGEST_PAUSE)
        log.warning("%s: it ended, and is started again in %.0f s", self._name, pause)
        self._next_start, self._pause = now + pause, pause * 2

    def _is_frozen(self, now: float) -> bool:
        last: float = self._sign.last_update()
        return now - last > (FROZEN_AFTER if last > self._started else LONGEST_START)


def look_after(server: Any, child: ChildProcess) -> None:  # noqa: ANN401 - gunicorn's own
    """Start a child, and look at it whenever the master looks at its workers. It has no hook for that."""
    murder_workers = server.murder_workers

    def look() -> None:
        murder_workers()
        child.look()

    server.murder_workers = look
    server.children = [*getattr(server, "children", ()), child]  # a reload reads gunicorn.conf.py anew
    child.look()


def command_of(*words: str) -> list[str]:
    """Return what starts a command of this checkout, such as `fcv feed run`."""
    return [sys.executable, "-m", "fcv_api.cli", *words]


def _environment() -> dict[str, str]:
    """Return the environment of a child. Of the service the master alone reports to systemd."""
    return {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"} | ONE_THREAD
