"""Which names a Keras writes into the models that it saves, read from its source: nothing of it is run.

    python tests/lstm/keras_exports.py keras-3.0.5-py3-none-any.whl keras-3.1.1-py3-none-any.whl ...

writes `tests/fixtures/keras_names.json` anew: each name of a layer, part, activation or operation, with the first and
the last of those versions that has it. `pip download --no-deps keras==3.0.5` fetches such a wheel.
"""

from __future__ import annotations

import ast
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "fixtures" / "keras_names.json"
KINDS = ("layers", "initializers", "regularizers", "constraints", "activations")
OPERATIONS = "operations"
Names = dict[str, set[str]]


def sources(place: Path) -> Iterator[tuple[str, str]]:
    """Read the Python files of a wheel or of an installed package, without its tests: their path, and their text."""
    if place.is_dir():
        for path in place.rglob("*.py"):
            yield f"keras/{path.relative_to(place).as_posix()}", path.read_text("utf-8")
        return
    with zipfile.ZipFile(place) as archive:
        for name in archive.namelist():
            if name.startswith(("keras/src/", "tf_keras/src/")) and name.endswith(".py"):
                yield name, archive.read(name).decode()


def exported(place: Path) -> Names:
    """Return the names of each kind that a Keras writes, and those of its operations."""
    found: Names = {kind: set() for kind in (*KINDS, OPERATIONS)}
    for path, text in sources(place):
        if path.endswith("_test.py") or ("export" not in text and "/ops/" not in path):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                for kind, name in _written(node):
                    found[kind].add(name)
            if isinstance(node, ast.ClassDef) and "/src/ops/" in path and "Operation" in map(ast.unparse, node.bases):
                found[OPERATIONS].add(node.name)
    return found


def _written(node: ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Return what an export is written as: the last part of its first name, and its class's or function's own."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("keras_export"):
            first = next(each.value for each in ast.walk(decorator) if isinstance(each, ast.Constant))
            kind, name = str(first).split(".")[-2:]
            if kind in KINDS and isinstance(node, ast.FunctionDef) == (kind == "activations"):
                yield kind, name
                yield kind, node.name


def main() -> None:
    """Write the record of the wheels that the command line names, the oldest first."""
    recorded: dict[str, dict[str, list[str]]] = {kind: {} for kind in (*KINDS, OPERATIONS)}
    for wheel in sys.argv[1:]:
        version = Path(wheel).name.split("-")[1]
        for kind, names in exported(Path(wheel)).items():
            for name in names:
                recorded[kind][name] = [*recorded[kind].get(name, [])[:1], version][-2:]
                recorded[kind][name] = [recorded[kind][name][0], version]
    ordered = {kind: dict(sorted(names.items())) for kind, names in recorded.items()}
    lines = [
        f' "{kind}": {{\n' + ",\n".join(f'  "{n}": {json.dumps(v)}' for n, v in each.items()) + "\n }"
        for kind, each in ordered.items()
    ]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
