"""The stages of a request, and a sampler that tells which of them a process is in."""

from __future__ import annotations

import re
import signal
import sysconfig
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType

from flask import Flask

from fcv_api.settings import ROOT

INTERVAL = 0.0007
"""Seconds between two samples."""
OTHER = "Flask, webargs, marshmallow: routing, arguments, headers"
RULES = tuple(
    (stage, re.compile(pattern))
    for stage, pattern in (
        ("receive the body and hash it", r"fcv_api/web/bodies\.py:read_body$"),
        ("token and account", r"fcv_api/(accounts/\w+|web/tokens)\.py:(?!guarded)|/jwt/"),
        ("token and account", r"flask_jwt_extended/(?!view_decorators\.py:(wrapper|decorator))"),
        ("times", r"fcv_api/wire/(columns\.py:(_read_plain|in_utc|_offset|_read_each|_utc)|\w+\.py:\w*time\w*$)"),
        ("units", r"fcv_api/wire/(columns\.py:|cells\.py:unit$)"),
        ("values", r"fcv_api/wire/\w+\.py:\w*(number|value)\w*$"),
        ("names and codes", r"fcv_api/wire/\w+\.py:\w*(name|code|sign)s?\w*$"),
        ("JSON: find and decode the columns", r"fcv_api/(wire/json_(body|faults)\.py:|web/parser\.py:load_json$)"),
        ("rows: the rest of reading", r"fcv_api/wire/(measurements|encounters|encounter|table|cells)\.py:"),
        ("window and scaling", r"fcv_api/domain/(window|encounter|slots|samples)\.py:"),
        ("warnings", r"fcv_api/domain/(quality|dangers|levels|sensors|raw_window|words)\.py:"),
        ("warnings", r"fcv_api/domain/prediction\.py:(warnings|of_model|undecided)$"),
        ("model", r"fcv_api/(lstm/|domain/prediction\.py:probabilities)"),
        (
            "record",
            r"fcv_api/(ledger/|web/recording\.py:record_and_answer$|scoring\.py:(entry_of|_instant|in_one_order)$)",
        ),
        ("answer", r"fcv_api/(wire/answer\.py:|web/predict\.py:_answer$|web/parser\.py:response$)"),
        ("log", r"fcv_api/(access_log\.py:|web/requests\.py:_line$)"),
        ("the rest of ours: request id, views, retries", r"fcv_api/(web|scoring)"),
    )
)
"""Innermost first. What no rule knows, such as `extensions/`, SQLAlchemy and NumPy, belongs to who called it."""
STAGES = (*dict.fromkeys(stage for stage, _ in RULES), OTHER)
PREFIXES = (f"{sysconfig.get_path('purelib')}/", f"{sysconfig.get_path('stdlib')}/", f"{ROOT}/")
Stack = tuple[CodeType, ...]
"""Outermost first."""


def stage_of(stack: Stack) -> str:
    """Say what a stack is about."""
    for code in reversed(stack):
        where = f"{_path(code)}:{code.co_name}"
        for stage, pattern in RULES:
            if pattern.search(where):
                return stage
    return OTHER


@contextmanager
def sampled() -> Iterator[Counter[Stack]]:
    """Count the stacks that a timer finds in this thread, from Flask's entry on.

    The timer's signal is taken between two instructions of Python, so a call into C counts for who made it.
    """
    stacks: Counter[Stack] = Counter()

    def take(_signal: int, frame: FrameType | None) -> None:
        codes = []
        while frame:
            codes.append(frame.f_code)
            if frame.f_code is Flask.wsgi_app.__code__:
                stacks[tuple(reversed(codes))] += 1
                break
            frame = frame.f_back

    before = signal.signal(signal.SIGALRM, take)
    signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
    try:
        yield stacks
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _path(code: CodeType) -> str:
    """Give a source file as it is imported, without where this machine keeps it."""
    for prefix in PREFIXES:
        if code.co_filename.startswith(prefix):
            return code.co_filename.removeprefix(prefix)
    return Path(code.co_filename).name


def name_of(code: CodeType) -> str:
    return f"{_path(code).removesuffix('.py').replace('/', '.')}.{code.co_qualname}".replace(".<locals>", "")
