"""The flame graph: widths are shares, and names cannot break the picture."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.flame import MARGIN, WIDTH, Box, draw


def test_the_width_of_a_box_is_its_share(tmp_path: Path) -> None:
    root, left, right = Box("a.root", 0), Box("a.<left>", 1), Box("a.right", 2)
    draw(tmp_path / "graph.svg", "3 & more", {(root, left): 3, (root, right): 1})
    text = (tmp_path / "graph.svg").read_text("utf-8")
    ET.fromstring(text)
    told = re.findall(r"<title>([^:]+): ([\d.]+)%</title><rect x=\"[\d.]+\" y=\"\d+\" width=\"([\d.]+)\"", text)
    full = WIDTH - 2 * MARGIN
    assert [(name, float(share), float(width)) for name, share, width in told] == [
        ("a.root", 100.0, full),
        ("a.&lt;left&gt;", 75.0, full * 0.75),
        ("a.right", 25.0, full * 0.25),
    ]
