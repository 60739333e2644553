"""System calls that Python does not know, by their numbers."""

from __future__ import annotations

import ctypes
import os
import platform

# Whose numbers are known here. 64 bits both, so that every argument fills a register.
MACHINES = ("x86_64", "aarch64")
NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS, linux/prctl.h


def machine() -> str | None:
    """Return which of MACHINES this is; None for another one, and for another system than Linux."""
    return platform.machine() if platform.system() == "Linux" and platform.machine() in MACHINES else None


def syscall(number: int, *arguments: int | None) -> int:
    """Make a system call and return its result. Raises OSError."""
    return _checked(_libc().syscall(ctypes.c_long(number), *map(ctypes.c_void_p, arguments)))


def prctl(option: int, *arguments: int) -> int:
    """Change something of this process. Raises OSError."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_libc().prctl(ctypes.c_int(option), *map(ctypes.c_void_p, padded)))


def forbid_new_privileges() -> None:
    """Let no program that this process starts have more rights: the kernel asks for it before any restriction."""
    prctl(NO_NEW_PRIVILEGES, 1)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
