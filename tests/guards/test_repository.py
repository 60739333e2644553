"""The project speaks of itself alone, and every file of it can be read anywhere."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

# The parts are put together here, so that this file does not hold what it looks for.
HOSTS = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "deb.debian" + ".org"]
PATHS = ["/" + "work/", "/" + "root/"]
HEAVY = {
    "tensorflow",
    "tf-keras",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "matplotlib",
    "h5py",
    "tqdm",
    "duckdb",
    "distributed",
}


@pytest.fixture
def files(root: Path) -> list[Path]:
    """Give every text file that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    binary = {".bin", ".h5", ".keras", ".npz", ".parquet", ".tflite", ".png"}
    return [
        root / name for name in listed.stdout.splitlines() if Path(name).suffix not in binary and (root / name).exists()
    ]


def test_no_file_names_a_package_registry_or_a_path_of_one_machine(files: list[Path]) -> None:
    wrong = [(str(file), word) for file in files for word in [*HOSTS, *PATHS] if word in file.read_text("utf-8")]
    assert wrong == []


def test_no_test_is_skipped_or_expected_to_fail_without_a_condition(files: list[Path]) -> None:
    tests = [file for file in files if file.name.startswith("test_")]
    assert not any(re.search(r"mark\.(skip|xfail)\b", file.read_text("utf-8")) for file in tests)


def test_serving_depends_on_nothing_heavy(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.match(r"[a-z0-9-]+", each)[0] for each in project["dependencies"]}  # type: ignore[index]
    assert names & HEAVY == set()


def test_every_dependency_is_pinned_in_the_constraints(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.match(r"[A-Za-z0-9.-]+", each)[0].lower().replace("-", "_") for each in wanted} - {"fcv_mlapi"}  # type: ignore[index]
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==", (root / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert names <= {name.lower().replace("-", "_") for name in pinned}
