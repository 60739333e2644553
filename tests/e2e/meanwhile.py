"""Threads that do something for as long as a block runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def meanwhile(run: Callable[[threading.Event], object], count: int = 1) -> Iterator[None]:
    """Run something in threads during the block. Each gets the event that tells it to end, and is waited for."""
    done = threading.Event()
    threads = [threading.Thread(target=run, args=(done,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()
