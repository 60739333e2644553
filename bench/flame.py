"""A flame graph as one SVG, with nothing to fetch: roots on top, what they call beneath."""

from __future__ import annotations

import colorsys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN, HEAD = 1400, 17, 10, 34
THINNEST = 0.0015
"""Share below which a box is left out."""
FONT = 'font-family="monospace" font-size="10"'
LETTER = 6.2
"""Pixels that a letter takes."""


class Box(NamedTuple):
    """A function on a stack. kind: a number that its colour tells."""

    name: str
    kind: int


@dataclass
class _Node:
    count: int = 0
    below: dict[Box, _Node] = field(default_factory=lambda: defaultdict(_Node))

    def add(self, stack: tuple[Box, ...], count: int) -> None:
        self.count += count
        if stack:
            self.below[stack[0]].add(stack[1:], count)


class _Placed(NamedTuple):
    box: Box
    left: float
    share: float
    depth: int


def draw(path: Path, title: str, stacks: Mapping[tuple[Box, ...], int]) -> None:
    """Write the graph. stacks: how often each was seen, outermost first."""
    root = _Node()
    for stack, count in stacks.items():
        root.add(stack, count)
    placed = list(_place(root, 0.0, 0, root.count))
    height = HEAD + (max(each.depth for each in placed) + 1) * HEIGHT + MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="21" font-size="14">{escape(title)}</text>',
        *map(_svg, placed),
        "</svg>",
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _place(node: _Node, left: float, depth: int, total: int) -> Iterator[_Placed]:
    for box, each in sorted(node.below.items()):
        share = each.count / total
        if share >= THINNEST:
            yield _Placed(box, left, share, depth)
            yield from _place(each, left, depth + 1, total)
        left += share


def _svg(placed: _Placed) -> str:
    scale = WIDTH - 2 * MARGIN
    x, y, width = MARGIN + placed.left * scale, HEAD + placed.depth * HEIGHT, placed.share * scale
    fits = int((width - 4) / LETTER)
    short = ".".join(placed.box.name.split(".")[-2:])
    label = short if len(short) <= fits else short[: max(fits - 1, 0)] + "…" if fits > 3 else ""  # noqa: PLR2004
    return (
        f'<g><title>{escape(placed.box.name)}: {placed.share:.1%}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
        f'height="{HEIGHT - 1}" rx="1" fill="{_colour(placed.box.kind)}"/>'
        f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(label)}</text></g>'
    )


def _colour(kind: int) -> str:
    """Give neighbours in the order of kinds colours far apart."""
    red, green, blue = colorsys.hls_to_rgb(kind * 0.382 % 1, 0.76, 0.6)
    return f"#{int(red * 255):02x}{int(green * 255):02x}{int(blue * 255):02x}"
