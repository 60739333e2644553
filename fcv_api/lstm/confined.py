"""Run a module in a process that sees its Python, the files that it is given, one folder of its own, and no network.

`python -m fcv_api.lstm.confined FOLDER MODULE [FILE]...` Where the kernel cannot confine it, the module runs all the
same, and the first line of standard output says what it may do. This module imports nothing that starts a thread.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import sysconfig
from pathlib import Path

from fcv_api.lstm import landlock, seccomp

PACKAGE = Path(__file__).resolve().parents[1]
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
ABOUT_THE_MACHINE = (
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system"),
    *("/etc/localtime", "/usr/share/zoneinfo", "/dev/urandom", "/dev/random", "/dev/zero"),
)
NOWHERE = Path(os.devnull)
KEPT = ("PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH")
KEPT_PREFIXES = ("LC_", "PYTHON", "TF_", "OMP_", "OPENBLAS_", "MKL_")


def command(module: str, folder: Path, *files: Path) -> list[str]:
    """Return what starts `module` confined. folder: where it may write. files: what it may read; its arguments."""
    return [sys.executable, "-P", "-m", __name__, str(folder), module, *(str(file.absolute()) for file in files)]


def environment(folder: Path) -> dict[str, str]:
    """Return the environment for `command`: no secret and no setting, and every cache in the folder."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    places = dict.fromkeys(("HOME", "TMPDIR", "KERAS_HOME", "XDG_CACHE_HOME"), str(folder))
    # "::" lets HDF5 load no filter from a library beside it.
    own = {"PYTHONPATH": os.pathsep.join(paths), "KERAS_BACKEND": "tensorflow", "HDF5_PLUGIN_PRELOAD": "::"}
    return kept | places | own


def warning(may: str) -> str:
    """Return what to tell of a child that the kernel did not confine."""
    return f"This kernel does not confine the process that opens a model's file: its code could {may}."


def confine(folder: Path, files: list[Path]) -> list[str]:
    """Confine this process for good. Returns in words what the kernel does not keep from it."""
    allowed = {
        "see other files of this host": landlock.restrict([*_python(), *files], [folder, NOWHERE]),
        "use the network": seccomp.forbid_sockets(),
    }
    return [may for may, refused in allowed.items() if not refused]


def _python() -> list[Path]:
    """Return what this Python needs: its modules, the system's libraries, and what it asks of the machine.

    Of a folder that holds this very package, such as a checkout with its database and secrets, the package alone.
    """
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    others = [Path(entry) for entry in sys.path if entry]
    others = [entry for entry in others if not PACKAGE.is_relative_to(entry.resolve())]
    libraries = [Path(each) for each in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if each]
    libraries += [Path(sys.prefix) / "lib", Path(sys.base_prefix) / "lib"]
    system = [Path(each) for each in LIBRARIES + ABOUT_THE_MACHINE]
    return [PACKAGE, Path(sys.executable), *installed, *others, *libraries, *system]


def main() -> None:
    """Confine this process, then become the module."""
    folder, module, *files = sys.argv[1:]
    if may := confine(Path(folder), [Path(file) for file in files]):
        print(json.dumps({"unconfined": " and ".join(may)}), flush=True)  # noqa: T201 - read by who started this
    sys.argv = [module, *files]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
