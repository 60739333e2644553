"""Names of accounts: what a new one must be, so that no two look alike. Pure, and imports nothing of ours."""

from __future__ import annotations

import unicodedata

FEED, FEED_TEST = "feed", "feed-test"
"""The system's own accounts, which record the turns of the feed: of real beds, and of test sources' beds."""
LENGTH = 150
LONGEST_WRITTEN = 4 * LENGTH
"""Characters. No longer word can be a name in another spelling. It stays as it is: NFKC takes time by its square."""
LOOKALIKE_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
"""Scripts with letters that look like another one's (Unicode TR 39), as Unicode's names of their letters have them."""
INVISIBLE = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810)))
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Default_Ignorable_Code_Point of Unicode 14 (DerivedCoreProperties.txt), but for category C; and Braille's blank."""


class UnusableName(ValueError):
    """A new name that the rules refuse, as words that follow "username"."""


def normalized(name: str) -> str:
    """Return a name in NFKC: one spelling of what looks the same or is the same letter in another width or form."""
    return unicodedata.normalize("NFKC", name) if len(name) <= LONGEST_WRITTEN else name


def usable_name(name: str) -> str:
    """Return a new name as it is stored, in NFKC. Raises UnusableName."""
    name = normalized(name)
    if not 1 <= len(name) <= LENGTH:
        raise UnusableName(f"must have 1 to {LENGTH} characters")
    if name != name.strip(" "):
        raise UnusableName("must not begin or end with a space")
    if name.casefold() in (FEED, FEED_TEST):
        raise UnusableName("is reserved for the service itself")
    if any(map(_unreadable, name)):
        raise UnusableName("must not hold control, format, separator or other invisible characters")
    if len(scripts := _scripts(name)) > 1:
        raise UnusableName(f"must not mix letters of scripts that look alike: it holds {' and '.join(scripts)}")
    return name


def _unreadable(char: str) -> bool:
    """Return whether a character shows nothing, or breaks a line. A plain space is one that shows."""
    category = unicodedata.category(char)
    return category[0] == "C" or (category[0] == "Z" and char != " ") or char in INVISIBLE


def _scripts(name: str) -> list[str]:
    """Return which of the scripts that look alike a name's letters and marks are of, each once, as they are written."""
    words = {word for char in name for word in unicodedata.name(char, "").replace("-", " ").split()}
    return [script.capitalize() for script in LOOKALIKE_SCRIPTS if script in words]
