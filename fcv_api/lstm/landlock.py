"""Landlock: which files this process may see from now on.

`restrict` must run before the process has a second thread: the kernel restricts the thread that asks, and those that
it starts later. https://docs.kernel.org/userspace-api/landlock.html and linux/landlock.h
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from fcv_api.lstm import kernel

# The same on x86-64 and on ARM 64 bit: asm/unistd_64.h, asm-generic/unistd.h.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH

# LANDLOCK_ACCESS_FS_*
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
REFER, TRUNCATE, IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
READ = EXECUTE | READ_FILE | READ_DIR
FIRST = (1 << 13) - 1
"""The rights that the first version knows. Later ones know more."""
LATER = ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEVICE))
BIND_AND_CONNECT_TCP = 0b11  # LANDLOCK_ACCESS_NET_BIND_TCP, LANDLOCK_ACCESS_NET_CONNECT_TCP
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11  # LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, LANDLOCK_SCOPE_SIGNAL
NETWORK_SINCE, SCOPED_SINCE = 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("path", ctypes.c_int32))


def version() -> int:
    """Return the version that the kernel knows, from 1; 0 where it has none, or has it switched off."""
    try:
        return kernel.syscall(CREATE_RULESET, None, 0, ASK_VERSION) if kernel.machine() else 0
    except OSError:
        return 0


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Leave this process these files and folders, and no others. Returns whether the kernel does. Raises OSError."""
    known = version()
    if not known:
        return False
    handled = FIRST | sum(right for since, right in LATER if known >= since)
    ruleset = _Ruleset(handled, BIND_AND_CONNECT_TCP, ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 8 * (1 + (known >= NETWORK_SINCE) + (known >= SCOPED_SINCE))  # an older kernel knows fewer of the fields
    rules = kernel.syscall(CREATE_RULESET, ctypes.addressof(ruleset), size, 0)
    try:
        for path in readable:
            _allow(rules, path, READ)
        for path in writable:
            _allow(rules, path, handled & ~EXECUTE)
        kernel.forbid_new_privileges()
        kernel.syscall(RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return True


def _allow(rules: int, path: Path, rights: int) -> None:
    """Add a rule for a file, or for a folder and all beneath it. What does not exist needs none."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(opened).st_mode)
        rule = _Beneath(rights if is_folder else rights & OF_A_FILE, opened)
        kernel.syscall(ADD_RULE, rules, PATH_BENEATH, ctypes.addressof(rule), 0)
    finally:
        os.close(opened)
