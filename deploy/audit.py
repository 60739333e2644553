"""Ask whether an advisory names a version that is deployed. `make audit` runs it, and `make check` with it.

What is asked are the sources that pip-audit knows, one after the other, until one answers. Where none can be reached,
as on many a LAN, one line says so and nothing fails: SECURITY.md has the list of what was looked at, and when.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parent / "requirements-importer.txt"  # it names all that the service's own does, and more
SOURCES = ("pypi", "osv")
SECONDS = 300
ACCEPTED: dict[str, str] = {}
"""By an advisory's id, why it does not matter here."""

Found = list[dict[str, Any]]
UNREACHABLE = "No source of advisories can be reached from here. SECURITY.md says what was looked at, and when."


def ask(source: str, lock: Path) -> Found | None:
    """Give what a source says of each package, or None where it says nothing of any."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"),
        *("--vulnerability-service", source, "--timeout", "10", "--progress-spinner", "off", "--format", "json"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603
        packages: Found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return packages if any("vulns" in each for each in packages) else None


def is_reachable(source: str, lock: Path) -> bool:
    """Ask for one package only: a mirror may have packages and no advisories, and then need not be asked for all."""
    first = next(line for line in lock.read_text("utf-8").replace("\\\n", " ").splitlines() if line[0] != "#")
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "requirements.txt"
        probe.write_text(f"{first}\n", "utf-8")
        return ask(source, probe) is not None


def judge(packages: Found) -> tuple[list[str], list[str]]:
    """Say which advisories name a version that is deployed, and of which packages nothing is known."""
    told = [
        f"{each['name']} {each['version']}: {found['id']} ({', '.join(found['aliases'])}), mended in "
        f"{', '.join(found['fix_versions']) or 'no version yet'}"
        for each in packages
        for found in each.get("vulns", ())
        if not {found["id"], *found["aliases"]} & ACCEPTED.keys()
    ]
    return told, [each["name"] for each in packages if "vulns" not in each]


def main() -> int:
    """Say what was found; 1 where that is an advisory that nobody has accepted."""
    packages = next((found for source in SOURCES if is_reachable(source, LOCK) and (found := ask(source, LOCK))), None)
    if packages is None:
        print(UNREACHABLE)
        return 0
    told, unknown = judge(packages)
    print(*told, sep="\n", end="\n" if told else "")
    print(f"{len(packages) - len(unknown)} packages, {len(told)} advisories; not known there: {unknown or 'none'}")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
