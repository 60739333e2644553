"""`make screenshots`: the pictures of docs/ward.md, of the made-up ward, as Chromium shows it now."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page
from visits import Ward, launched, opened_ward

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "ward"
COLOURS = 96
"""Of a picture: a page has few, and a file that is read over a slow line should be small."""
LARGEST = 150_000
WALL, DESK, PHONE = ({"width": w, "height": h} for w, h in ((1920, 1080), (1280, 1000), (390, 844)))


def main() -> None:
    """Write all pictures, and print how large they are."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="fcv-ward-") as folder,
        launched() as browser,
        opened_ward(Path(folder), browser) as ward,
    ):
        take(browser, ward)
    large = {path.name: path.stat().st_size for path in sorted(FOLDER.glob("*.png"))}
    print("\n".join(f"{size:8,} {name}" for name, size in large.items()))
    sys.exit(any(size > LARGEST for size in large.values()))


def take(browser: Browser, ward: Ward) -> None:
    """Take each picture, in the languages in which the documents show it."""
    for language in ("es", "en"):
        with looking(browser, ward, language, WALL) as page:
            page.goto(f"{ward.url}/ward")
            keep(page, f"wall-{language}")
        with looking(browser, ward, language, DESK) as page:
            page.goto(ward.bed("UCI-01"))
            keep(page, f"bed-{language}")
        with looking(browser, ward, language, PHONE) as page:
            page.goto(f"{ward.url}/ward")
            keep(page, f"phone-{language}")
    with looking(browser, ward, "es", DESK) as page:
        page.goto(ward.bed("UCI-08"))
        keep(page, "not-scored-es")
    with looking(browser, ward, "en", WALL) as page:
        page.clock.install()
        page.goto(f"{ward.url}/ward")
        page.context.set_offline(True)
        page.clock.fast_forward(90_000)
        page.locator("#cover").wait_for()
        keep(page, "cover")


@contextmanager
def looking(browser: Browser, ward: Ward, language: str, size: Any) -> Iterator[Page]:
    """Open a window in which the clinician is signed in."""
    locale = {"es": "es-CO", "en": "en-GB"}[language]
    with browser.new_context(locale=locale, viewport=size, storage_state=ward.session) as window:
        yield window.new_page()


def keep(page: Page, name: str) -> None:
    """Write a picture of what is seen without scrolling."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
