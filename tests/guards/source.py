"""The source as syntax trees: what the guards read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fcv_api.settings import ROOT


@dataclass(frozen=True)
class Module:
    """One module of the package. `room` is the first part of its name below `fcv_api`."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its dotted name."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    @property
    def room(self) -> str:
        """Its room: `web`, `domain`, `scoring`, ... and `fcv_api` for the package itself."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else parts[0]

    def imports(self) -> Iterator[str]:
        """Give the dotted names that it imports, at any depth."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def functions(self) -> Iterator[ast.FunctionDef]:
        """Give its functions and methods."""
        yield from (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef))


@cache
def package() -> list[Module]:
    """Give all modules of the package."""
    return [Module(path, ast.parse(path.read_text("utf-8"))) for path in sorted((ROOT / "fcv_api").rglob("*.py"))]
