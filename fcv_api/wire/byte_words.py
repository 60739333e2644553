"""A column's bytes, eight at a time: a word of them is compared at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]

WORD = 8
LONGEST = 4 * WORD
"""Bytes behind a column that may be looked at, so that no cell's words end outside of it."""


class Written:
    """What a column is written with.

    raw: its bytes, and zeros behind them. each: them as numbers. words: (bytes,), the word that begins at each of them.
    """

    __slots__ = ("each", "raw", "words")

    def __init__(self, column: bytes | memoryview) -> None:
        self.raw = b"".join((column, bytes(LONGEST)))
        self.each: NDArray[np.uint8] = np.frombuffer(self.raw, np.uint8)
        self.words: Words = np.ndarray((len(self.raw) - WORD + 1,), "<u8", self.raw, strides=(1,))

    def short(self, starts: Places, lengths: Places) -> Words:
        """Give texts of 1 to 8 bytes as one number each, the first byte foremost."""
        shifted: Words = self.words[starts].byteswap() >> _spare(np.clip(lengths, 1, WORD))
        return shifted

    def start(self, starts: Places, lengths: Places) -> Words:
        """Give the first word of each text; what lies behind a shorter one counts for nothing. lengths: 0 or more."""
        kept: Words = self.words[starts] << _spare(np.minimum(lengths, WORD))
        return kept


def _spare(lengths: Places) -> Words:
    """Give how many bits of a word a text of at most so many bytes leaves."""
    return (8 * (WORD - lengths)).astype(np.uint64)


def runs_of(changes: Mask) -> tuple[Places, Places]:
    """Give where each run of equal rows begins, and how many it has. changes: (rows - 1,), from one to the next."""
    firsts = np.flatnonzero(np.concatenate([[True], changes]))
    return firsts, np.diff(firsts, append=len(changes) + 1)


class Stems(NamedTuple):
    """What stands before each cell, such as `"17": `. lengths: (rows,), at most a word's. words: (rows,).

    spare: (rows,), bits of a word that are not its.
    """

    lengths: Places
    spare: Words
    words: Words

    @classmethod
    def of(cls, written: Written, opening: Places, starts: Places) -> Stems | None:
        """Give them, or None where one is too long. opening: where each key's first quote is."""
        lengths = starts - opening
        if lengths.max() > WORD:
            return None
        spare = _spare(lengths)
        return cls(lengths, spare, written.words[opening] << spare)

    def stand_at(self, written: Written, opening: Places) -> bool:
        """Whether another column has the same ones there."""
        return bool(((written.words[opening] << self.spare) == self.words).all())


class Texts:
    """Texts to look for, all at once. Each has 8 to 32 bytes, and no two have both their length and their ending.

    A multiplication sends length and ending of each to a slot of its own, so that a cell is compared with one of them.
    """

    BITS = np.uint64(6)
    FACTORS = np.arange(1, 20_001, 2, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)

    def __init__(self, texts: Sequence[bytes]) -> None:
        """Raises ValueError where no multiplication tells them apart."""
        self._lengths = np.array([len(text) for text in texts])
        ends = self._lengths - WORD
        self._offsets = np.array([np.minimum(place, ends) for place in range(0, self._lengths.max(), WORD)])
        self._words = np.array([[_word(*each) for each in zip(texts, row, strict=True)] for row in self._offsets])
        for factor in self.FACTORS:
            self._factor, self._by_slot = factor, np.zeros(1 << int(self.BITS), dtype=np.intp)
            slots = self._slots(self._words[-1], self._lengths)
            self._by_slot[slots] = np.arange(len(texts))
            if len(np.unique(slots)) == len(texts):
                return
        raise ValueError(texts)

    def find(self, written: Written, starts: Places, lengths: Places) -> Places:
        """Tell which of them each text is, (rows,): its index, or -1."""
        found = self._by_slot[self._slots(written.words[starts + (lengths - WORD)], lengths)]
        right = self._lengths[found] == lengths
        for offsets, words in zip(self._offsets, self._words, strict=True):
            right &= written.words[starts + offsets[found]] == words[found]
        return np.where(right, found, -1)

    def _slots(self, endings: Words, lengths: Places) -> Words:
        slots: Words = ((endings ^ lengths.astype(np.uint64)) * self._factor) >> (np.uint64(64) - self.BITS)
        return slots


def _word(text: bytes, place: int) -> np.uint64:
    return np.uint64(int.from_bytes(text[place : place + WORD], "little"))
