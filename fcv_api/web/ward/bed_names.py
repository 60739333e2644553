"""The names of beds: how they are read, and in which order they stand."""

from __future__ import annotations

import re

PARTS = re.compile(r"(\d+)")


def readable(name: str) -> str:
    """Return a location of HL7 as people read it: without its separators."""
    return " ".join(name.replace("^", " ").split()) or name


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Return what names are ordered by: bed 2 before bed 10."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in PARTS.split(name) if part]
