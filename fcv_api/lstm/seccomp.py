"""A filter of system calls: no socket for this process from now on. Landlock knows of TCP alone.

The numbers: linux/seccomp.h, linux/bpf_common.h, linux/audit.h, asm/unistd_64.h and asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno

from fcv_api.lstm import kernel

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*
IO_URING_SETUP = 425  # its rings make sockets without the call
SOCKETS = {"x86_64": (41, 53, IO_URING_SETUP), "aarch64": (198, 199, IO_URING_SETUP)}  # socket, socketpair
X32 = 0x40000000  # calls from here on are those of x32, a second set on x86-64
SET_SECCOMP, FILTER = 22, 2  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO

Instruction = tuple[int, int, int, int]
"""Code, how many lines to jump when true and when false, and a number."""


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def forbid_sockets() -> bool:
    """Refuse every new socket to this process and to those that it starts. Returns whether the kernel does.

    Must run before the process has a second thread.
    """
    machine = kernel.machine()
    if machine is None:
        return False
    lines = _program(ARCHITECTURES[machine], SOCKETS[machine])
    instructions = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
    program = _Program(len(lines), instructions)
    try:
        kernel.forbid_new_privileges()
        kernel.prctl(SET_SECCOMP, FILTER, ctypes.addressof(program))
    except OSError:
        return False
    return True


def _program(architecture: int, refused: tuple[int, ...]) -> list[Instruction]:
    """Return the filter: refuse calls of another architecture, and those named. A jump counts from the next line."""
    allow = len(refused) + 4  # this line's number; `REFUSE` follows
    calls = [(EQUAL, allow - line, 0, number) for line, number in enumerate(refused, start=4)]
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 0, allow - 1, architecture),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, allow - 3, 0, X32),
        *calls,
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
