"""A column's cells, known by where their bytes are: what is only compared is never made into objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from fcv_api.wire.byte_words import LONGEST, WORD, Mask, Places, Stems, Texts, Words, Written, runs_of
from fcv_api.wire.rows import Key, OrderedRows, Rows, SharedRows, cells_of

NUMBERS = msgspec.json.Decoder(list[float | None])


class ByteRows(OrderedRows):
    """Cells by row, as the places of their bytes. Keys and cells become objects only for whoever asks.

    row_keys: (rows,), each as one word. starts, ends: (rows,), where each cell's bytes are.
    texts: whether each cell is a text without escapes. before: what stands before each cell, where that is short.
    """

    __slots__ = ("_written", "before", "ends", "lengths", "row_keys", "starts", "texts")

    def __init__(self, written: Written, keys: Words, spans: tuple[Places, Places], *, texts: bool) -> None:
        """spans: starts and ends."""
        super().__init__(keys)
        self._written, self.row_keys, self.texts = written, keys, texts
        self.before: Stems | None = None
        self.starts, self.ends = spans
        self.lengths = self.ends - self.starts

    @property
    def rows(self) -> list[Key]:
        """All keys, as objects."""
        return [key.to_bytes(WORD, "big").lstrip(b"\0").decode() for key in self.row_keys.tolist()]

    @property
    def cells(self) -> list[Any]:
        """All cells, as objects."""
        return self._parse(slice(None))

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
        return self._parse(wanted)

    def at(self, places: Places) -> list[Any]:
        """Give the cells of some rows, as objects."""
        return self._parse(places)

    def numbers(self, wanted: Mask) -> NDArray[np.float64] | None:
        """Give some of the cells; NaN for null. None where one is no number."""
        try:
            cells = NUMBERS.decode(self._listed(wanted))
        except msgspec.DecodeError:
            return None
        return np.array(cells, dtype=np.float64)

    def find(self, texts: Texts) -> Places:
        """Tell which of some texts each cell is, (rows,): its index, or -1. Only where the cells are texts."""
        return texts.find(self._written, self.starts + 1, self.lengths - 2)  # without quotes

    def are(self, texts: Sequence[bytes], which: Places, wanted: Mask) -> bool:
        """Tell whether some of the cells are written like this: each as the text of its index. None is over a word."""
        lengths, tokens = self.lengths[wanted], np.array([int.from_bytes(text) for text in texts], dtype=np.uint64)
        if not (lengths == np.array([len(text) for text in texts])[which]).all():
            return False
        return bool((self._written.short(self.starts[wanted], lengths) == tokens[which]).all())

    def alike(self, wanted: Places, models: Places, which: Places) -> bool:
        """Tell whether some of the cells are written as a few of the column are. which: of `models`, by wanted cell."""
        starts, lengths = self.starts[wanted], self.lengths[wanted]
        as_wanted = self.lengths[models]
        if as_wanted.max() > LONGEST or not np.array_equal(lengths, as_wanted[which]):
            return False
        for place in range(0, int(as_wanted.max()), WORD):
            left = np.maximum(as_wanted - place, 0)
            words = self._written.start(self.starts[models] + place, left)
            if not np.array_equal(self._written.start(starts + place, left[which]), words[which]):
                return False
        return True

    def words_of_texts(self, places: Sequence[int]) -> Words | None:
        """Give words of each text, (places, rows). None unless all are texts that end with the last of these words."""
        if not self.texts or not (self.lengths == places[-1] + WORD + 2).all():
            return None
        starts = self.starts + 1
        return np.stack([self._written.words[starts + place] for place in places])

    def runs(self) -> tuple[list[Any], Places]:
        """Give each cell that is not written as the one before it, as an object, and how many rows it stands for."""
        if (self.lengths > WORD).any():
            return self.cells, np.ones(len(self), dtype=np.intp)
        words = self._written.short(self.starts, self.lengths)
        firsts, lengths = runs_of(words[1:] != words[:-1])
        return self._parse(firsts), lengths

    def _parse(self, which: Mask | Places | slice) -> list[Any]:
        cells: list[Any] = orjson.loads(self._listed(which))
        return cells

    def _listed(self, which: Mask | Places | slice) -> bytes:
        """Write some cells as a list."""
        starts, ends = self.starts[which], self.ends[which]
        if not len(starts):
            return b"[]"
        lengths = ends - starts + 1  # with what is after each: a comma, or after the column's last one a brace
        before = np.cumsum(lengths) - lengths
        places = np.arange(before[-1] + lengths[-1]) + np.repeat(starts - before, lengths)
        listed: NDArray[np.uint8] = self._written.each[places]
        listed[before - 1] = ord(",")
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
