"""Times as exports write them, `2024-03-03 09:32:41`, read from their bytes: eight characters at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fcv_api.wire.byte_rows import ByteRows
from fcv_api.wire.byte_words import Words, runs_of

PLACES = (0, 8, 11)
"""Where each word of a time begins: `2024-03-`, `03 09:32`, `09:32:41`."""


def _word(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(text.encode("latin-1"), "little"))


SHAPES = np.array([_word("0000-00-"), _word("00 00:00"), _word("00:00:00")])
"""What is left of a word after this is taken off, bit by bit: each digit, and nothing of what parts them."""
ABOVE = np.array(
    [
        _word("".join("\x76" if each == "0" else "\x7f" for each in shape))
        for shape in ("0000-00-", "00 00:00", "00:00:00")
    ]
)
"""Added to a word, this sets the highest bit of each byte that is over nine, or that parts them and is something."""
HIGHEST = _word("\x80" * 8)
T_FOR_SPACE = np.uint64((ord("T") ^ ord(" ")) << 16)
MONTHS_AT_MOST = 12


def local_times(column: ByteRows) -> NDArray[np.datetime64] | None:
    """Give each row's wall clock, (rows,), datetime64[us]. None unless all are written so, within a year."""
    words = column.words_of_texts(PLACES)
    if words is None or not len(column):
        return None
    firsts, lengths = runs_of((words[:, 1:] != words[:, :-1]).any(axis=0))
    read = _read(words.take(firsts, axis=1))  # each once, for all rows in which it follows itself
    return None if read is None else np.repeat(read, lengths)


def _read(words: Words) -> NDArray[np.datetime64] | None:
    digits = words ^ SHAPES[:, np.newaxis]
    digits[1] ^= np.where((digits[1] & np.uint64(0xFF0000)) == T_FOR_SPACE, T_FOR_SPACE, np.uint64(0))
    if (((digits + ABOVE[:, np.newaxis]) | digits) & HIGHEST).any():
        return None
    pairs = (digits * np.uint64(10) + (digits >> np.uint64(8))).view(np.uint8).reshape(3, -1, 8)

    def at(word: int, place: int) -> NDArray[np.int64]:
        value: NDArray[np.int64] = pairs[word, :, place].astype(np.int64)
        return value

    days = _days(100 * at(0, 0) + at(0, 2), at(0, 5), at(1, 0))
    hours, minutes, seconds = at(1, 3), at(1, 6), at(2, 6)
    if days is None or (hours > 23).any() or (minutes > 59).any() or (seconds > 59).any():  # noqa: PLR2004
        return None
    local: NDArray[np.int64] = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000
    return local.view("datetime64[us]")


def _days(years: NDArray[np.int64], months: NDArray[np.int64], days: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Give days since 1970, (rows,). None where the calendar has no such day."""
    if not ((months >= 1) & (months <= MONTHS_AT_MOST)).all():
        return None
    months = (years - 1970) * 12 + months - 1
    first, last = months.min(), months.max()
    if last - first > MONTHS_AT_MOST:
        return None
    begins = np.arange(first, last + 2).view("datetime64[M]").astype("datetime64[D]").view(np.int64)
    begin, end = begins[months - first], begins[months - first + 1]
    found = begin + days - 1
    return found if ((days >= 1) & (found < end)).all() else None
