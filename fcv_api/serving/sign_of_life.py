"""A worker's sign of life: a file whose time the worker sets, and the master reads."""

from __future__ import annotations

import os
from typing import Any

from gunicorn.workers.workertmp import WorkerTmp


class SignOfLife(WorkerTmp):  # type: ignore[misc]
    """gunicorn's own, on Linux in memory that belongs to no folder.

    gunicorn makes a file for each worker that it starts. In a full `/dev/shm` it cannot, and the master ends.
    """

    def __init__(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's own
        if hasattr(os, "memfd_create"):
            self._tmp = os.fdopen(os.memfd_create("fcv-worker"), "w+b", 0)
        else:
            super().__init__(cfg)
