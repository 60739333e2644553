"""The policies of this installation: folders `policies/<name>/<version>/` beside the models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fcv_api.domain.policy import Policy, UnusablePolicy
from fcv_api.lstm.registry import SHIPPED_IN, check_part

FOLDER, FILE = "policies", "policy.toml"


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy, and the text that its hash is of."""

    policy: Policy
    text: str


def policy_references(models_dir: Path) -> list[str]:
    """Return every `name/version`, those that came with the service too."""
    found = {file.parent for root in (models_dir, SHIPPED_IN) for file in (root / FOLDER).glob(f"*/*/{FILE}")}
    return sorted({"/".join(folder.parts[-2:]) for folder in found})


def read_policy(models_dir: Path, reference: str) -> PolicyFile:
    """Read a policy by `name/version`, or by its file. Raises UnusablePolicy."""
    path = Path(reference)
    if path.suffix == ".toml":
        return _read(path)
    name, _, version = reference.partition("/")
    if not version:
        raise UnusablePolicy(f"Say which version: NAME/VERSION, not {reference}.")
    own, shipped = (root / FOLDER / check_part(name) / check_part(version) / FILE for root in (models_dir, SHIPPED_IN))
    found = _read(own if own.exists() else shipped)
    if str(found.policy) != reference:
        raise UnusablePolicy(f"{own} holds {found.policy}, which is not what its path says.")
    return found


def _read(path: Path) -> PolicyFile:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise UnusablePolicy(f"{path}: {error.strerror}.") from None
    return PolicyFile(Policy.read(text), text)
