"""A machine with a systemd of its own: this host's files under an overlay, booted by systemd-nspawn.

Nothing that is done in it reaches this host. It has no network but its own loopback.
"""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fcv_api.settings import ROOT

HOME = Path("opt/fcv")
PYTHON, PACKAGES = "/opt/python", "/opt/packages"
"""Where this Python and its packages appear in the machine: the service may not look into a home directory."""
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
NOT_STARTED = ("nginx.service", "postgresql.service", "console-getty.service")


@dataclass(frozen=True)
class Machine:
    """A booted machine. leader: its process 1, as this host numbers it."""

    root: Path
    leader: int

    def run(self, *command: str, check: bool = True, text: str | None = None) -> str:
        """Run a command in it, and give what it printed."""
        done = subprocess.run(
            ["nsenter", "--target", str(self.leader), "--all", *command],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done.stdout

    def python(self, program: Path, *arguments: str) -> subprocess.Popen[str]:
        """Start a Python program of this host on the machine's network."""
        command = ["nsenter", "--target", str(self.leader), "--net", sys.executable, str(program), *arguments]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@contextmanager
def booted() -> Iterator[Machine]:
    """Boot a machine with the checkout in /opt/fcv, and switch it off."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fcv-machine-")))
        root, upper, work = (folder / name for name in ("root", "upper", "work"))
        for each in (root, upper, work):
            each.mkdir()
        # A file system of its own: an overlay cannot keep its changes on another overlay, as in a container.
        layers = f"lowerdir=/,upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "fcv", "-o", layers, root], check=True)
        stack.callback(lambda: subprocess.run(["umount", "--lazy", root], check=True))
        _install(root)
        process = stack.enter_context(_nspawn(root))
        yield Machine(root, _leader(process))


def _install(root: Path) -> None:
    """Put the checkout and an environment in place, as docs/install.md says, but for the packages' folder."""
    home = root / HOME
    for unit in NOT_STARTED:
        mask = root / "etc" / "systemd" / "system" / unit
        mask.unlink(missing_ok=True)
        mask.symlink_to("/dev/null")
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, home / name)
    environment = home / ".venv"
    own = environment / "lib" / f"python{VERSION}" / "site-packages"
    own.mkdir(parents=True)
    (own / "fcv.pth").write_text(f"/{HOME}\n{PACKAGES}\n")
    (environment / "pyvenv.cfg").write_text(f"home = {PYTHON}/bin\ninclude-system-site-packages = false\n")
    (environment / "bin").mkdir()
    (environment / "bin" / "python").symlink_to(f"{PYTHON}/bin/python{VERSION}")
    command = environment / "bin" / "fcv"
    # A Python that was built elsewhere looks for its library where it was built.
    start = f'exec /{HOME}/.venv/bin/python -m fcv_api.cli "$@"'
    command.write_text(f"#!/bin/sh\nexport LD_LIBRARY_PATH={PYTHON}/lib\n{start}\n")
    command.chmod(0o755)


@contextmanager
def _nspawn(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    packages = next(path for path in site.getsitepackages())
    command = ["systemd-nspawn", "--quiet", f"--directory={root}", "--register=no", "--keep-unit", "--private-network"]
    command += [
        f"--bind-ro={packages}:{PACKAGES}",
        f"--bind-ro={sys.base_prefix}:{PYTHON}",
        "--machine=fcv-check",
        "--console=pipe",
        "--boot",
    ]
    with (root.parent / "console").open("wb") as console:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)


def _leader(process: subprocess.Popen[bytes]) -> int:
    """Wait until the machine is up, and give its process 1."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "systemd-nspawn ended"
        for pid in children.read_text().split():
            state = Machine(Path("/"), int(pid)).run("systemctl", "is-system-running", check=False).strip()
            if state in ("running", "degraded"):
                return int(pid)
        time.sleep(0.2)
    raise AssertionError("The machine did not come up.")
