"""The way of one call through the modules of the package."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import fcv_api

PACKAGE = f"{Path(fcv_api.__file__).parent}/"


class Route:
    """modules: by their paths, in the order of all calls. One that follows itself stands once."""

    def __init__(self) -> None:
        self.modules: list[str] = []

    def note(self, frame: FrameType, event: str, _arg: Any) -> None:
        """Note whose function is called."""
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(PACKAGE):
            module = file.removeprefix(PACKAGE)
            if self.modules[-1:] != [module]:
                self.modules.append(module)

    @property
    def hops(self) -> int:
        """How often the way goes from one module to another."""
        return len(self.modules) - 1


@contextmanager
def traced() -> Iterator[Route]:
    """Follow what this thread calls in this block."""
    route, before = Route(), sys.getprofile()
    sys.setprofile(route.note)
    try:
        yield route
    finally:
        sys.setprofile(before)


def route_of(call: Callable[[], object]) -> Route:
    """Return the way of a call that was made before: what is done once a process is not on it."""
    call()
    with traced() as route:
        call()
    return route
