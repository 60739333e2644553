"""`heads.log`: where the record's chain stands, one line a head. No request is ever written there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fcv_api.access_log import SharedLogFile, attached, shared_file
from fcv_api.ledger.heads import log

FILE = "heads.log"


class CertainLogFile(SharedLogFile):
    """A log whose line must be there before its writer goes on: an error is raised, and not printed and forgotten."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's own
        """Raise what is being handled."""
        raise  # noqa: PLE0704 - logging calls it from an `except`


def open_log(log_dir: Path) -> None:
    """Write heads from now on, those of a service. Raises OSError when the file cannot be opened."""
    log.handlers[:] = [shared_file(log_dir, FILE, SharedLogFile)]
    log.setLevel(logging.INFO)


@contextmanager
def opened(log_dir: Path) -> Iterator[None]:
    """Write what a command publishes in a block. Raises OSError when the file cannot be opened or written."""
    with attached(log, shared_file(log_dir, FILE, CertainLogFile)):
        yield
