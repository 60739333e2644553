"""Write the bill of materials of what is deployed, as CycloneDX JSON: packages, their licences, and the shipped model.

`deploy/sbom.py [FILE]`, by default dist/fcv-mlapi-VERSION.cdx.json. Versions are those of deploy/requirements.txt;
licences and what needs what are read from the packages that are installed here. The same checkout makes the same file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution, requires
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from fcv_api.lstm.artifact import Manifest

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(r"^([a-z0-9.-]+)==([^ ;]+)(?: ; ([^\\]+))? \\$", re.MULTILINE)
ELSEWHERE = "sys_platform == 'win32'"
"""Of no system that the service runs on."""
OTHER_EXTRA = re.compile(r"extra == ['\"](?!postgres|binary)")
"""psycopg comes with its extra `binary`."""


def bill(at: datetime) -> Bom:
    """Make it. at: its time."""
    service = _service()
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"fcv-mlapi {service.version} {at.isoformat()}"))
    bom.metadata.timestamp = at
    bom.metadata.component = service
    packages = {name: _package(name, version) for name, version in pinned()}
    models = [_model(manifest) for manifest in sorted((ROOT / "models").glob("*/*/manifest.json"))]
    for each in (*packages.values(), *models):
        bom.components.add(each)
    bom.register_dependency(service, [*_needed("fcv-mlapi", packages), *models])
    for name, each in packages.items():
        bom.register_dependency(each, _needed(name, packages))
    return bom


def pinned() -> Iterator[tuple[str, str]]:
    """Give name and version of each package that is deployed."""
    text = (ROOT / "deploy" / "requirements.txt").read_text("utf-8")
    for name, version, marker in PINNED.findall(text):
        if marker.strip() != ELSEWHERE:
            yield name, version


def _service() -> Component:
    version = re.search(r'^__version__ = "(.+)"$', (ROOT / "fcv_api" / "__init__.py").read_text("utf-8"), re.MULTILINE)
    return Component(
        name="fcv-mlapi",
        version=version[1] if version else None,
        type=ComponentType.APPLICATION,
        bom_ref="fcv-mlapi",
        licenses=[LicenseFactory().make_from_string("MIT")],
    )


def _package(name: str, version: str) -> Component:
    purl = PackageURL("pypi", name=name, version=version)
    return Component(name=name, version=version, purl=purl, bom_ref=purl.to_string(), licenses=_licenses(name))


def _licenses(name: str) -> list[License]:
    """Give what a package says of its licence: an expression, a word, or its classifiers."""
    told = _told(name)
    if told is None:
        return []
    words = (told.metadata.get_all(field) for field in ("License-Expression", "License"))
    word = next((found[0] for found in words if found and found[0]), "")
    classified = [each for each in told.metadata.get_all("Classifier") or () if each.startswith("License :: ")]
    last = classified[0].rpartition(" :: ")[2] if classified else ""
    return [LicenseFactory().make_from_string(word if word and "\n" not in word else last)] if word or last else []


def _told(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _needed(name: str, packages: dict[str, Component]) -> list[Component]:
    """Give the deployed packages that one names as needed."""
    lines = [line for line in (requires(name) or () if _told(name) else ()) if not OTHER_EXTRA.search(line)]
    wanted = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace("_", "-").replace(".", "-") for line in lines}
    return [packages[each] for each in sorted(wanted & packages.keys() - {name})]


def _model(manifest: Path) -> Component:
    content = json.loads(manifest.read_bytes())
    return Component(
        name=content["name"],
        version=content["version"],
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{content['name']}/{content['version']}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content["sha256"])],
        description=f"Evidence: {Manifest.from_json(manifest.read_bytes()).identity.standing}",
    )


def main() -> None:
    """Write it."""
    version = _service().version
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / f"fcv-mlapi-{version}.cdx.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")
    bom = bill(datetime.fromtimestamp(int(seconds), UTC))
    make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_to_file(str(file), allow_overwrite=True, indent=2)
    print(f"{file}: {len(bom.components)} components")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603, S607
    return done.stdout


if __name__ == "__main__":
    main()
