"""Build the guide into build/guide, the Spanish one into build/guide/es: `make docs`. The network is never asked.

python deploy/guide.py [--if-older] [--into FOLDER]     --if-older: unless it is newer than all that it is made of
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / "guide"
SOURCES = (
    *("docs", "bench", "mkdocs.yml", "mkdocs.es.yml", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("deploy/guide.py", "deploy/guide_pages.py", "deploy/requirements-docs.txt"),
)
BOTH = (("mkdocs.yml", ""), ("mkdocs.es.yml", "es"))
NEEDLESS = ("*.map", "lunr.??.min.js", "wordcut.js", "tinyseg.js")
"""What no page asks for. Of the words of other languages only Spanish ones are looked for."""


def main(options: list[str]) -> int:
    """Build it beside the one that is there, and then put it in its place: whoever reads meanwhile finds all pages."""
    site = Path(options[options.index("--into") + 1]) if "--into" in options else SITE
    if "--if-older" in options and is_newest(site):
        return 0
    new = site.with_name(f"{site.name}.{os.getpid()}")
    try:
        for config, language in BOTH:
            if not built(config, new / language):
                return 1
        slim(new)
        shutil.rmtree(site, ignore_errors=True)
        new.rename(site)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    print(f"The guide is in {site}. The service answers it under /guide.")
    return 0


def built(config: str, place: Path) -> bool:
    """Build one language's, and return whether all its links and pages are as they should be."""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    from mkdocs.commands.build import build  # what is newest needs none of it
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort

    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    wanted = load_config(str(ROOT / config), site_dir=str(place), strict=True)
    wanted.plugins.on_startup(command="build", dirty=False)
    try:
        build(wanted)
    except Abort as problem:
        print(problem, file=sys.stderr)
        return False
    return True


def slim(site: Path) -> None:
    """Take out what no page asks for."""
    for each in [found for pattern in NEEDLESS for found in site.rglob(pattern)]:
        if each.name != "lunr.es.min.js":
            each.unlink()


def is_newest(site: Path) -> bool:
    """Return whether the guide is newer than all that it is made of."""
    page = site / "index.html"
    return page.exists() and all(each.stat().st_mtime <= page.stat().st_mtime for each in sources())


def sources() -> Iterator[Path]:
    """Return the files that it is made of, and their folders, which are newer where a file is gone."""
    for each in (ROOT / name for name in SOURCES):
        yield from (each, *each.rglob("*.md"), *each.rglob("*.svg"), *each.rglob("*.png")) if each.is_dir() else (each,)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
