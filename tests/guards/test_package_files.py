"""Files of the package that are no modules: whoever installs a wheel gets them, too."""

from __future__ import annotations

import tomllib
from pathlib import Path


def test_every_file_of_the_package_that_is_no_module_is_in_a_wheel(root: Path) -> None:
    patterns = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    told = {
        file
        for package, globs in patterns.items()
        for glob in globs
        for file in (root / package.replace(".", "/")).glob(glob)
    }
    others = [file for file in (root / "fcv_api").rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")]
    assert len(others) >= 5
    assert [file for file in others if file not in told] == []
