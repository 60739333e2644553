"""The characters of a message: by MSH-18, and whatever its bytes are, no message is lost for them."""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

WRONG_BYTES = "hl7_wrong_bytes"
CODECS = {
    "ASCII": "ascii",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(2, 12), 13, 14, 15)},
    "8859/1": "cp1252",  # the same letters, and those that senders of Windows write where ISO has control characters
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
    "ISO IR14": "iso2022_jp",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
}
"""By HL7's table 0211. All others, and none, are read as UTF-8."""
HL7_NULL = '""'
PRIVATE, CONTROLS = 0xF700, frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))


class Delimiters(NamedTuple):
    """What MSH says. An empty one is not used."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    """Return bytes that are wrong in a character set each as one letter, so that no two identifiers become one.

    Where Latin 1 has control characters, which no text keeps, by letters of private use.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end].decode("latin-1")
    return "".join(chr(PRIVATE + ord(each)) if each in CONTROLS else each for each in wrong), error.end


codecs.register_error(WRONG_BYTES, _as_latin_1)


def codec_of(charset: str) -> str:
    """Return Python's name of the first character set that MSH-18 names."""
    return CODECS.get(charset.strip().upper(), "utf-8")


def unescaped(text: str, delimiters: Delimiters, codec: str = "utf-8") -> str:
    """Resolve escape sequences. Those of layout say nothing here; one that is unknown or has no end stays."""
    if not delimiters.escape or delimiters.escape not in text:
        return text
    return _sequence(delimiters.escape).sub(lambda found: _resolved(found, delimiters, codec), text)


@lru_cache(64)
def _sequence(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}([^{mark}]{{1,400}}){mark}")


def _resolved(found: re.Match[str], delimiters: Delimiters, codec: str) -> str:
    word = found[1]
    names = dict(zip("FSREPT", (*delimiters[:4], "#", delimiters.subcomponent), strict=True))
    if word in names:
        return names[word]
    if word[0] == "X" and re.fullmatch("X(?:[0-9A-Fa-f]{2})+", word):
        return bytes.fromhex(word[1:]).decode(codec, WRONG_BYTES)
    return "" if word in ("H", "N") or word[0] in ".CMZ" else found[0]


def plain(text: str) -> str:
    """Return a text without control characters and without blanks at its ends; empty for HL7's null."""
    if not text.isprintable():
        text = "".join(each for each in text if unicodedata.category(each) not in ("Cc", "Cs"))
    stripped = text.strip()
    return "" if stripped == HL7_NULL else stripped


def fitted(text: str, longest: int) -> str:
    """Return a text that is not longer than a column. One that was cut ends with its hash: no two become one."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - 17]}#{sha256(text.encode()).hexdigest()[:16]}"
