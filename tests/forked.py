"""Processes of the service's own, each forked from one that has its modules: to load them takes two seconds."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy import Engine, event

from fcv_api.cli.db import migrate_database
from fcv_api.settings import Settings

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["fcv_api.app", "fcv_api.cli", "fcv_api.cli.db", "fcv_api.feed.turns"])


def begun(work: Callable[..., object], *given: Any) -> BaseProcess:
    """Start a process that does some work and ends. work: a function of a module, which it loads."""
    process = _SERVER.Process(target=work, args=given)
    process.start()
    return process


def ended(process: BaseProcess, seconds: float = 300) -> int | None:
    """Wait until a process ends. Returns its exit code, or the negative number of the signal that killed it."""
    process.join(seconds)
    return process.exitcode


def migrate_and_die(settings: Settings) -> None:
    """Be killed in the middle of a migration."""

    def die(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "CREATE TABLE predictions" in statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die)
    migrate_database(settings)
