"""The style sheet's own colours, also of what no test happens to show: hovered, pressed, in print."""

from __future__ import annotations

import colorsys
import re
from pathlib import Path

import pytest
from looks import GREEN

from fcv_api.settings import ROOT

FOLDER = ROOT / "fcv_api" / "web" / "ward"
FILES = [*FOLDER.rglob("*.css"), *FOLDER.rglob("*.html"), *FOLDER.rglob("*.js")]
NAMED = re.compile(r"[:\s](?:green|lime|olive|teal|chartreuse|\w+green)\b|\b(?:hsl|hwb|lab|lch|oklab|oklch|color)\(")
HEX = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b(?![\w-])")


def hue_of(text: str) -> float | None:
    """Return a colour's hue in degrees; None of a grey."""
    digits = text if len(text) == 6 else "".join(each * 2 for each in text)
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, _lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    return hue * 360 if saturation > 0.05 else None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_colour_is_green_by_its_figures_or_its_name(file: Path) -> None:
    text = file.read_text("utf-8")
    hues = {found: hue_of(found) for found in HEX.findall(text)} if file.suffix == ".css" else {}
    assert [found for found, hue in hues.items() if hue is not None and GREEN[0] <= hue <= GREEN[1]] == []
    assert NAMED.findall(text) == []
