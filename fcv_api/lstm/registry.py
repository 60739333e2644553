"""The models of this installation: folders `<name>/<version>/` under one directory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fcv_api.lstm import trial
from fcv_api.lstm.artifact import MANIFEST, Artifact, ArtifactError, Manifest
from fcv_api.lstm.runtime import LiteRtModel

SHIPPED = "fcv-sim/2.0.0"
"""What serves until another model is chosen."""

SHIPPED_IN = Path(__file__).resolve().parents[2] / "models"
"""Where it came. A models' folder elsewhere, such as an empty volume, need not hold a copy."""

PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


def check_part(text: str) -> str:
    """Refuse what is not safe as a folder's and a header's text. Raises ArtifactError."""
    if not PART.fullmatch(text):
        raise ArtifactError(
            f"{text!r} cannot be a model's name or version: letters, digits, dot, dash and underscore, up to 64."
        )
    return text


@dataclass(frozen=True, slots=True)
class Registry:
    """The models under `models_dir`, and the shipped one wherever that is."""

    models_dir: Path

    def references(self) -> list[str]:
        """Return every `name/version`, by name and then from the oldest version to the newest."""
        found = {file.parent.relative_to(self.models_dir) for file in self.models_dir.glob(f"*/*/{MANIFEST}")}
        parts = {path.parts for path in found if not any(part.startswith(".") for part in path.parts)}
        parts.add(tuple(SHIPPED.split("/")))
        return ["/".join(each) for each in sorted(parts, key=lambda each: (each[0], _version_order(each[1])))]

    def resolve(self, reference: str) -> str:
        """Return `name/version`: itself, or a name's newest version. Raises ArtifactError."""
        name, _, version = reference.partition("/")
        check_part(name)
        if version:
            return f"{name}/{check_part(version)}"
        versions = [each for each in self.references() if each.startswith(f"{name}/")]
        if not versions:
            known = ", ".join(self.references()) or "none"
            raise ArtifactError(f"There is no model {name!r} in {self.models_dir} (there are: {known}).")
        return versions[-1]

    def folder(self, reference: str) -> Path:
        """Find the folder of `name/version`, or of a name's newest version. Raises ArtifactError."""
        resolved = self.resolve(reference)
        own = self.models_dir / resolved
        return SHIPPED_IN / SHIPPED if resolved == SHIPPED and not own.exists() else own

    def artifact(self, reference: str) -> Artifact:
        """Read a model and check its sha256. Raises ArtifactError."""
        artifact = Artifact.load(self.folder(reference))
        identity = artifact.manifest.identity
        if reference not in (str(identity), identity.name):
            raise ArtifactError(f"{self.folder(reference)} holds {identity}, which is not what its path says.")
        return artifact

    def load(self, reference: str | None, verdicts: Path | None = None) -> LiteRtModel:
        """Load a model and run its golden windows; the shipped one for None. Raises ArtifactError.

        verdicts: the folder of `trial.load`.
        """
        return trial.load(self.artifact(reference or SHIPPED), verdicts)

    def check_on_disk(self, manifest: Manifest) -> None:
        """Raise ArtifactError when a model's folder is damaged. That it is not on this host at all is no damage."""
        folder = self.models_dir / manifest.name / manifest.version
        if folder.is_dir() and Artifact.load(folder).manifest.sha256 != manifest.sha256:
            raise ArtifactError(f"{folder} holds another model than the one in force under this name and version.")


def _version_order(version: str) -> list[tuple[int, int, str]]:
    """Sort 1.10 after 1.9, and 1.0.0 after 1.0.0-rc1."""
    parts = [(2, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"[.+_-]", version)]
    return [*parts, (1, 0, "")]
