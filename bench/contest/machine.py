"""What this machine is."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Name processors, memory and system (Linux only)."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    release = platform.freedesktop_os_release()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{release['NAME']} {release['VERSION_ID']}, Linux {platform.release()}"
    return f"{len(named)} x {named[0] if named else platform.machine()}, {memory:.0f} GB, {system}"
