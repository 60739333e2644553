"""CPU affinity: each worker keeps to a processor of its own.

Python runs one thread of a process at a time. Where the kernel spreads a worker's threads over processors, each
hand-over of the interpreter wakes another processor, whose cache holds nothing of the request.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from zlib import crc32

ALL: frozenset[int] = frozenset(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ())
"""The processors that the master was given, for `deploy/gunicorn.conf.py` imports this there. Only Linux tells."""
TOPOLOGY = Path("/sys/devices/system/cpu")


def choose(taken: Iterable[int | None], workers: int, address: str) -> int | None:
    """Return the processor that fewest workers have, itself or as another thread of its core.

    None where not each worker can have one. taken: by the others. address: instances of one host listen on different
    ones, or have different names, and so begin at different processors.
    """
    processors = sorted(ALL)
    if not processors or len(processors) < workers:
        return None
    count = Counter(taken)
    first = crc32(f"{socket.gethostname()} {address}".encode()) % len(processors)
    return min(
        processors[first:] + processors[:first],
        key=lambda each: (count[each], sum(count[sibling] for sibling in _siblings(each))),
    )


def keep_to(processors: Iterable[int]) -> None:
    """Let this thread, and those that it starts, run on these only.

    Where a sandbox forbids that, or the system has no such call, all stays as it is.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(0, processors)


def _siblings(processor: int) -> list[int]:
    """Return all processors of the same core, such as `0,8` or `0-1` in the kernel's words."""
    try:
        listed = (TOPOLOGY / f"cpu{processor}" / "topology" / "thread_siblings_list").read_text()
        spans = [[int(end) for end in part.split("-")] for part in listed.split(",")]
    except (OSError, ValueError):
        return [processor]
    return [each for span in spans for each in range(span[0], span[-1] + 1)]
