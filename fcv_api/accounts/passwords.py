"""Passwords: what a new one must be, and whether one is right."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import bcrypt

P = ParamSpec("P")
T = TypeVar("T")

BCRYPT_ROUNDS = 12
BCRYPT_BYTES = 72  # bcrypt reads no further
# A hash of random bytes that nobody kept. Checked against when there is no account, so that it takes the same time.
NOBODYS_HASH = "$2b$12$orfJya.UKWt3e0ZeFij7xOIOobyxb5vQNhj60mLLObHal6Y7e15Da"
PROCESSORS: frozenset[int] = frozenset(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else ())
"""Those that there are, for the master imports this before a worker keeps to one of them. Only Linux tells."""
LONGEST_LINE = 48
"""Passwords that a process hashes or has in line: a ward that signs in at one instant, and not a flood."""


class TooManyPasswords(Exception):
    """So many passwords wait to be hashed that one more would wait too long."""

    code = "sign-ins-busy"


class UnusablePassword(ValueError):
    """A new password that the rules refuse, as words that follow "password"."""


def hash_password(password: str, min_length: int) -> str:
    """Hash a new password of at least `min_length` characters. Raises UnusablePassword or TooManyPasswords."""
    if len(password) < min_length:
        raise UnusablePassword(f"must have at least {min_length} characters")
    if len(_secret(password)) > BCRYPT_BYTES:
        raise UnusablePassword(f"must have at most {BCRYPT_BYTES} bytes in UTF-8")
    if "\0" in password:
        raise UnusablePassword("must not hold the character NUL")
    return _in_line(bcrypt.hashpw, _secret(password), bcrypt.gensalt(BCRYPT_ROUNDS)).decode()


def matches(password: str, hashed: str | None, known_wrong: Callable[[], bool] = lambda: False) -> bool:
    """Check a password against a stored hash, or against nobody's, at the cost of one bcrypt run in every case.

    known_wrong: asked when its turn has come, and what it raises is raised; then nothing is hashed in vain.
    Raises TooManyPasswords. A password of over 72 bytes is simply wrong: bcrypt would raise.
    """
    secret = _secret(password)
    usable = len(secret) <= BCRYPT_BYTES and b"\0" not in secret
    try:
        right = _in_line(_checked, secret if usable else b"-", (hashed or NOBODYS_HASH).encode(), known_wrong)
    except ValueError:  # what is stored is no bcrypt hash, so nobody can sign in by it
        return matches(password, None, known_wrong)
    return right and usable and hashed is not None


def _checked(secret: bytes, hashed: bytes, known_wrong: Callable[[], bool]) -> bool:
    return not known_wrong() and bcrypt.checkpw(secret, hashed)


def _secret(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _in_line(run: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run bcrypt after those that came before, in a thread that lets all other work go first."""
    if not _LINE.acquire(blocking=False):
        raise TooManyPasswords("Too many sign-ins wait already.")
    try:
        return _hasher().submit(run, *args, **kwargs).result()
    finally:
        _LINE.release()


def _hasher() -> ThreadPoolExecutor:
    """Return this process' own: threads do not survive a fork."""
    own = os.getpid()
    return _HASHERS.get(own) or _HASHERS.setdefault(own, ThreadPoolExecutor(1, "bcrypt", _step_back))


def _step_back() -> None:
    """Take a tenth of a processor that others want, and all of one that nobody wants. Only Linux has it by thread.

    Any processor will do: it needs no Python meanwhile. Where a sandbox forbids even that, passwords are hashed all the
    same.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, PROCESSORS)
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


_LINE = threading.BoundedSemaphore(LONGEST_LINE)
_HASHERS: dict[int, ThreadPoolExecutor] = {}
