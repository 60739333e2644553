"""What is deployed comes from files whose hashes are known, and is listed wherever somebody may look for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import audit
import pytest
import sbom
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fcv_api.settings import ROOT

SERVICE, IMPORTER = "deploy/requirements.txt", "deploy/requirements-importer.txt"
LOCKS = pytest.mark.parametrize(("lock", "extras"), [(SERVICE, {"postgres"}), (IMPORTER, {"postgres", "train"})])
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\n]+)", re.MULTILINE)
KNOWN = ("postgres", "train")
ON_WINDOWS = {"colorama", "tzdata"}
"""They are in the lock of the service for a system that it does not run on."""
BUILDS = {"setuptools", "wheel"}
"""What installs packages belongs to an environment before anything is installed: the constraints leave it as it is."""
AT = datetime(2026, 11, 24, tzinfo=UTC)


def pinned(file: str) -> dict[str, str]:
    found = PINNED.findall((ROOT / file).read_text("utf-8"))
    return {canonicalize_name(name): version for name, version in found}


def needed_by(name: str, extras: set[str]) -> set[str]:
    """Give what a package needs here, with what that needs, and so on."""
    found: set[str] = set()
    todo = [(name, frozenset(extras))]
    while todo:
        package, wanted = todo.pop()
        for line in _requires(package):
            requirement = Requirement(line)
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in wanted or {""}):
                continue
            each = canonicalize_name(requirement.name)
            if each not in found:
                found.add(each)
                todo.append((each, frozenset(requirement.extras)))
    return found


def _requires(name: str) -> list[str]:
    if name == "fcv-mlapi":  # as the checkout says, and not as it was when it was installed
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        extras = project["optional-dependencies"]
        lines: list[str] = [f"{line} ; extra == '{extra}'" for extra in KNOWN for line in extras[extra]]
        return [*lines, *project["dependencies"]]
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


@LOCKS
def test_the_lock_has_all_that_is_needed_in_the_versions_that_were_tested(lock: str, extras: set[str]) -> None:
    assert needed_by("fcv-mlapi", extras) <= set(pinned(lock)), "run `make lock`"
    tested = pinned("constraints.txt") | {name: pinned(lock)[name] for name in BUILDS & pinned(lock).keys()}
    assert {name: tested.get(name) for name in pinned(lock)} == pinned(lock)


@LOCKS
def test_every_package_of_the_lock_has_hashes_and_comes_from_no_place_of_its_own(lock: str, extras: set[str]) -> None:
    entries = (ROOT / lock).read_text("utf-8").replace("\\\n", " ").splitlines()[1:]
    assert len(entries) == len(pinned(lock)) > 30 * len(extras)
    assert all(re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+", entry) for entry in entries)


def test_both_locks_have_the_same_files_of_what_they_share() -> None:
    service, importer = (hashes(lock) for lock in (SERVICE, IMPORTER))
    assert service == {name: importer[name] for name in service}


def hashes(file: str) -> dict[str, list[str]]:
    entries = (ROOT / file).read_text("utf-8").replace("\\\n", " ").splitlines()[1:]
    return {entry.split("==")[0]: re.findall(r"--hash=(\S+)", entry) for entry in entries}


@pytest.mark.parametrize("name", ["Dockerfile", "Makefile", "deploy/bundle.sh", "deploy/install.sh"])
def test_what_is_deployed_is_installed_by_hash_or_is_the_checkout_itself(name: str) -> None:
    text = (ROOT / name).read_text("utf-8").replace("\\\n", " ")
    told = [
        line for line in text.splitlines() if re.search(r"\bpip\b.* (install|download) |^pip --|pip_install.py ", line)
    ]
    if name == "Makefile":
        told = [line for line in told if line.startswith(("LOCKED", "ITSELF"))]
    calls = [each for line in told for each in line.split(" && ") if "pip" in each and "pip()" not in each]
    assert len(calls) >= (1 if name == "deploy/bundle.sh" else 2)
    assert all("--require-hashes" in each or ("--no-deps" in each and "--no-build-isolation" in each) for each in calls)


# The bill of materials -------------------------------------------------------------------------------------------


def bill() -> str:
    return make_outputter(sbom.bill(AT), OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)


def test_the_bill_of_materials_is_valid_cyclonedx() -> None:
    from cyclonedx.validation.json import JsonStrictValidator  # seconds, in each process that collects tests

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill()) is None


def test_the_bill_of_materials_has_each_package_of_the_lock_and_the_shipped_model() -> None:
    made: dict[str, Any] = json.loads(bill())
    packages = {each["name"]: each["version"] for each in made["components"] if each["type"] == "library"}
    models = {each["name"]: each for each in made["components"] if each["type"] == "machine-learning-model"}
    assert packages == {name: version for name, version in pinned(SERVICE).items() if name not in ON_WINDOWS}
    manifest = json.loads((ROOT / "models/fcv-sim/2.0.0/manifest.json").read_bytes())
    assert models["fcv-sim"]["hashes"] == [{"alg": "SHA-256", "content": manifest["sha256"]}]


def test_the_bill_of_materials_says_each_licence_and_what_needs_what() -> None:
    made: dict[str, Any] = json.loads(bill())
    silent = [each["name"] for each in made["components"] if each["type"] == "library" and not each.get("licenses")]
    assert silent == []
    needs = {each["ref"]: each.get("dependsOn", []) for each in made["dependencies"]}
    assert any(each.startswith("pkg:pypi/gunicorn@") for each in needs["fcv-mlapi"])
    assert not any(each.startswith("pkg:pypi/tqdm@") for each in needs["fcv-mlapi"])  # the importer's alone needs it
    (flask,) = (ref for ref in needs if ref.startswith("pkg:pypi/flask@"))
    assert any(each.startswith("pkg:pypi/werkzeug@") for each in needs[flask])


def test_the_same_checkout_makes_the_same_bill() -> None:
    assert bill() == bill()


# Advisories ------------------------------------------------------------------------------------------------------


def package(name: str, *ids: str) -> dict[str, Any]:
    return {"name": name, "version": "1", "vulns": [{"id": each, "aliases": [], "fix_versions": ["2"]} for each in ids]}


@pytest.mark.parametrize(
    ("packages", "status", "told"),
    [
        (None, 0, audit.UNREACHABLE),
        ([package("a"), package("b")], 0, "2 packages, 0 advisories; not known there: none"),
        ([package("a", "X-1"), package("b")], 1, "a 1: X-1 (), mended in 2"),
        ([package("a"), {"name": "b", "skip_reason": "unknown"}], 0, "not known there: ['b']"),
    ],
)
def test_an_advisory_fails_and_no_source_of_them_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    packages: audit.Found | None,
    status: int,
    told: str,
) -> None:
    monkeypatch.setattr(audit, "ask", lambda _source, _lock: packages)
    assert audit.main() == status
    assert told in capsys.readouterr().out


def test_an_advisory_that_was_accepted_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(audit.ACCEPTED, "X-1", "The function that it names is never called.")
    assert audit.judge([package("a", "X-1")]) == ([], [])


def test_a_source_that_is_no_source_is_not_one_that_found_nothing() -> None:
    """pip-audit itself refuses it, and gives no list."""
    assert audit.ask("nobody", ROOT / SERVICE) is None


def test_what_was_looked_at_is_what_is_deployed() -> None:
    """Whoever changes a version looks again, and says when."""
    text = (ROOT / "SECURITY.md").read_text("utf-8").partition("## What was looked at")[2]
    assert re.search(r"^On \d{4}-\d{2}-\d{2}", text, re.MULTILINE)
    told = dict(re.findall(r"\b([a-z][a-z0-9-]*)\s(\d[\w.]*\w)", text.partition("Looked at:")[2]))
    assert told == {name: version for name, version in pinned(SERVICE).items() if name not in ON_WINDOWS}


# Images ----------------------------------------------------------------------------------------------------------


PINNED_FILES = ("Dockerfile", "docker-compose.yml", "deploy/swarm.yml")


@pytest.fixture
def pin(tmp_path: Path) -> Any:
    """Give the script in a copy of what it changes, with a `docker` that answers what it is told."""
    for name in (*PINNED_FILES, "deploy/pin-images.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())

    def run(answer: str) -> subprocess.CompletedProcess[str]:
        docker = tmp_path / "docker"
        docker.write_text(f'#!/bin/sh\n[ "$4" = "{answer}" ] && exit 1\necho "{answer}"\n', "utf-8")
        docker.chmod(0o755)
        path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        command = ["bash", str(tmp_path / "deploy" / "pin-images.sh")]
        return subprocess.run(command, env=os.environ | path, capture_output=True, text=True, check=False)

    return run


def test_the_digests_of_images_are_written_beside_their_tags(pin: Any, tmp_path: Path) -> None:
    for digit in "ab":  # and again, when the tags have others
        digest = f"sha256:{digit * 64}"
        assert pin(digest).returncode == 0
        text = {name: (tmp_path / name).read_text("utf-8") for name in PINNED_FILES}
        assert f"\nARG BASE=python:3.11-slim-bookworm@{digest}\n" in text["Dockerfile"]
        for name in ("docker-compose.yml", "deploy/swarm.yml"):
            assert f"image: nginx:1.28-bookworm@{digest}\n" in text[name]
            assert f"image: postgres:15-bookworm@{digest}\n" in text[name]
    assert "image: fcv-mlapi:0.1.0\n" in text["docker-compose.yml"]
    assert list(tmp_path.rglob("*.before")) == []


def test_where_no_digest_comes_nothing_is_written(pin: Any, tmp_path: Path) -> None:
    assert pin("no such image").returncode == 1
    assert (tmp_path / "Dockerfile").read_bytes() == (ROOT / "Dockerfile").read_bytes()
