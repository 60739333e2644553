"""Who scores on this machine: processes, one a core."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from fcv_api.bulk.run import WorkerPool

Result = TypeVar("Result")
PARTS_A_PROCESS = 2  # one in work, one that waits


class NoCluster(Exception):
    """There is nobody to work. The message says where."""


class _Here(Executor):
    """Does what it is given at once, in this process."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:  # noqa: ANN401
        """Do it, and give it as done."""
        future: Future[Result] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def processes(count: int) -> WorkerPool:
    """Score by processes of this machine; by this one alone where it is one."""
    if count == 1:
        return WorkerPool(lambda: nullcontext(_Here()), 1)
    return WorkerPool(lambda: _pool(count), count * PARTS_A_PROCESS)


@contextmanager
def _pool(count: int) -> Iterator[Executor]:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy reads it in the children
    context = multiprocessing.get_context("spawn")  # Arrow's threads do not survive a fork
    executor = ProcessPoolExecutor(count, mp_context=context, initializer=_settle)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _settle() -> None:
    """Leave Ctrl-C to the parent, and end with it: a child whose parent was killed would wait for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
