"""A column's cells, found in its bytes: what is only compared is never made into objects.

A column that is not written as exports write it, `{"0":5.0,"1":6.0}` with at most one space after each `:` and `,`, is
left to a parser. So this may refuse what is sound, and must never read anything otherwise than a parser does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from fcv_api.wire.rows import Key, OrderedRows, Rows, SharedRows, cells_of

Places = NDArray[np.intp]
Words = NDArray[np.uint64]
Mask = NDArray[np.bool_]

QUOTE, COLON, COMMA, SPACE = b'":, '
WORD = 8
"""Bytes that are compared at once."""
LONGEST = 32
NUMBERS = msgspec.json.Decoder(list[float | None])


class ByteRows(OrderedRows):
    """Cells by row, as the places of their bytes. Keys and cells become objects only for whoever asks.

    row_keys: (rows,), each as one word. starts, ends: (rows,), where each cell's bytes are.
    texts: whether each cell is a text without escapes.
    """

    __slots__ = ("_written", "ends", "lengths", "row_keys", "starts", "texts")

    def __init__(self, written: bytes, keys: Words, spans: tuple[Places, Places], *, texts: bool) -> None:
        """written: the column, with a word's bytes after it. spans: starts and ends."""
        super().__init__(keys)
        self._written, self.row_keys, self.texts = written, keys, texts
        self.starts, self.ends = spans
        self.lengths = self.ends - self.starts

    @property
    def rows(self) -> list[Key]:
        """All keys, as objects."""
        return [key.to_bytes(WORD, "big").lstrip(b"\0").decode() for key in self.row_keys.tolist()]

    @property
    def cells(self) -> list[Any]:
        """All cells, as objects."""
        return self._parse(self.starts, self.ends)

    def __len__(self) -> int:
        return len(self.row_keys)

    def part(self, places: Places, keys_of_rows: object) -> ByteRows:
        """Give some of the rows, as a column of their own."""
        spans = self.starts[places], self.ends[places]
        part = ByteRows(self._written, self.row_keys[places], spans, texts=self.texts)
        part.keys_of_rows = keys_of_rows
        return part

    def where(self, wanted: Mask) -> list[Any]:
        """Give some of the cells, as objects. wanted: (rows,)."""
        return self._parse(self.starts[wanted], self.ends[wanted])

    def numbers(self, wanted: Mask) -> NDArray[np.float64] | None:
        """Give some of the cells; NaN for null. None where one is no number."""
        try:
            cells = NUMBERS.decode(self._listed(self.starts[wanted], self.ends[wanted]))
        except msgspec.DecodeError:
            return None
        return np.array(cells, dtype=np.float64)

    def find(self, texts: Sequence[bytes]) -> Places:
        """Tell which of some texts each cell is, (rows,): its index, or -1. Each has at least a word's bytes.

        Only where the cells are texts.
        """
        words, starts, lengths = every_word(self._written), self.starts + 1, self.lengths - 2  # without quotes
        ending = words[starts + lengths - WORD]
        found = np.full(len(self), -1)
        for index, text in enumerate(texts):
            likely = np.flatnonzero((lengths == len(text)) & (ending == every_word(text)[-1]))
            for place in range(0, len(text) - WORD, WORD):
                likely = likely[words[starts[likely] + place] == every_word(text)[place]]
            found[likely] = index
        return found

    def are(self, texts: Sequence[bytes], which: Places, wanted: Mask) -> bool:
        """Tell whether some of the cells are written like this: each as the text of its index. None is over a word."""
        lengths, tokens = self.lengths[wanted], np.array([int.from_bytes(text) for text in texts], dtype=np.uint64)
        if not (lengths == np.array([len(text) for text in texts])[which]).all():
            return False
        return bool((short_words(self._written, self.starts[wanted], lengths) == tokens[which]).all())

    def words_of_texts(self, places: Sequence[int]) -> Words | None:
        """Give words of each text, (rows, places). None unless all are texts that end with the last of these words."""
        if not self.texts or not (self.lengths == places[-1] + WORD + 2).all():
            return None
        words = every_word(self._written)
        return np.stack([words[self.starts + 1 + place] for place in places], axis=1)

    def runs(self) -> tuple[list[Any], Places]:
        """Give each cell that is not written as the one before it, as an object, and how many rows it stands for."""
        firsts = np.arange(len(self))
        if (self.lengths <= WORD).all():
            words = short_words(self._written, self.starts, self.lengths)
            firsts = np.flatnonzero(np.concatenate([[True], words[1:] != words[:-1]]))
        return self._parse(self.starts[firsts], self.ends[firsts]), np.diff(firsts, append=len(self))

    def _parse(self, starts: Places, ends: Places) -> list[Any]:
        cells: list[Any] = orjson.loads(self._listed(starts, ends))
        return cells

    def _listed(self, starts: Places, ends: Places) -> bytes:
        """Write some cells as a list."""
        if not len(starts):
            return b"[]"
        lengths = ends - starts + 1  # with the comma after each
        before = np.cumsum(lengths) - lengths
        places = np.arange(before[-1] + lengths[-1]) + np.repeat(starts - before, lengths)
        listed: NDArray[np.uint8] = np.frombuffer(self._written, np.uint8)[places]
        listed[-1] = ord("]")
        return b"[%b" % listed.tobytes()


def parts_of(column: Rows, order: Places) -> Callable[[int, int, object], OrderedRows]:
    """Give what makes a part of a column: of the rows from one place in an order to another.

    It takes the object that the same part of other columns gets too, for they have the same rows.
    """
    if isinstance(column, ByteRows):
        return lambda first, end, keys: column.part(order[first:end], keys)
    rows, cells = list(column), cells_of(column)

    def part(first: int, end: int, keys: object) -> OrderedRows:
        places = order[first:end].tolist()
        return SharedRows([rows[place] for place in places], [cells[place] for place in places], keys)

    return part


def every_word(written: bytes) -> Words:
    """Give the word that begins at each byte but the last seven."""
    return np.ndarray((len(written) - WORD + 1,), "<u8", written, strides=(1,))


def short_words(written: bytes, starts: Places, lengths: Places) -> Words:
    """Give texts of 1 to 8 bytes as one number each, the first byte foremost."""
    spare = (8 * (WORD - np.clip(lengths, 1, WORD))).astype(np.uint64)
    shifted: Words = every_word(written)[starts].byteswap() >> spare
    return shifted


def find_rows(column: bytes | memoryview, like: ByteRows | None = None) -> ByteRows | None:
    """Find the rows of a column. None where it has to be parsed. column: sound JSON.

    like: a column that may have the same keys.
    """
    written, end = b"".join((column, bytes(WORD))), len(column) - 1
    if not written.startswith(b'{"') or b"\\" in written:
        return None
    each = np.frombuffer(written, np.uint8)
    quotes = np.flatnonzero(each == QUOTE)
    opening, closing = quotes[::2], quotes[1::2]
    named = each[closing + 1] == COLON  # a text before a colon is a key, of this object or of one inside it
    texts = len(named) - np.count_nonzero(named)
    if texts:
        opening, closing = opening[named], closing[named]
    if not len(opening):
        return None
    starts, ends = closing + 2, np.append(opening[1:] - 1, end)
    starts += each[starts] == SPACE
    ends[:-1] -= each[ends[:-1]] == SPACE
    if opening[0] != 1 or not (each[ends[:-1]] == COMMA).all():  # before the first key of an object inside is a brace
        return None
    keys = _keys(written, opening + 1, closing - opening - 1, like)
    if keys is None:
        return None
    if texts:  # as many as rows, and each cell begins and ends with a quote: each is one text
        plain = texts == len(keys) and (each[starts] == QUOTE).all() and (each[ends - 1] == QUOTE).all()
        return ByteRows(written, keys, (starts, ends), texts=True) if plain else None
    unclear = (ends - starts).max() > LONGEST or b"e" in written or b"E" in written  # could be too large for a number
    return None if unclear else ByteRows(written, keys, (starts, ends), texts=False)


def _keys(written: bytes, starts: Places, lengths: Places, like: ByteRows | None) -> Words | None:
    """Give each key as a word. None where two are equal, or one is too long or nothing."""
    if not ((lengths > 0) & (lengths <= WORD)).all():
        return None
    keys = short_words(written, starts, lengths)
    if like is not None and np.array_equal(keys, like.row_keys):
        return like.row_keys
    rising = (keys[1:] > keys[:-1]).all()  # as numbers do that rise
    return keys if rising or len(np.unique(keys)) == len(keys) else None
