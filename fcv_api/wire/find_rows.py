"""The rows of a column, found in its bytes.

A column that is not written as exports write it, `{"0":5.0,"1":6.0}` with at most one space after each `:` and `,`, is
left to a parser. So this may refuse what is sound, and must never read anything otherwise than a parser does.
"""

from __future__ import annotations

import numpy as np

from fcv_api.wire.byte_rows import ByteRows
from fcv_api.wire.byte_words import WORD, Places, Stems, Words, Written

QUOTE, COLON, COMMA, SPACE = b'":, '
LONGEST_NUMBER = 32


def find_rows(column: bytes | memoryview, like: ByteRows | None = None) -> ByteRows | None:
    """Find the rows of a column. None where it has to be parsed. column: sound JSON.

    like: a column that may have the same keys.
    """
    written, end = Written(column), len(column) - 1
    if not written.raw.startswith(b'{"') or b"\\" in written.raw:
        return None
    quotes = np.flatnonzero(written.each == QUOTE)
    same = _of_the_same_rows(written, quotes, end, like) if like is not None else None
    return _of_any_rows(written, quotes, end, like) if same is None else same


def _of_any_rows(written: Written, quotes: Places, end: int, like: ByteRows | None) -> ByteRows | None:
    """Find the keys and the cells by what stands beside each quote."""
    each, opening, closing = written.each, quotes[::2], quotes[1::2]
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
    if texts:  # as many as rows, and each cell begins and ends with a quote: each is one text
        plain = texts == len(opening) and (each[starts] == QUOTE).all() and (each[ends - 1] == QUOTE).all()
    else:
        plain = _plain(written, starts, ends)
    if keys is None or not plain:
        return None
    rows = ByteRows(written, keys, (starts, ends), texts=bool(texts))
    rows.before = Stems.of(written, opening, starts)
    return rows


def _of_the_same_rows(written: Written, quotes: Places, end: int, like: ByteRows) -> ByteRows | None:
    """Find the cells of a column that has another one's keys, written and parted from the cells alike; or give None.

    So what stands before a cell is known, and one look at all of it does for what each quote would have to be asked.
    """
    stems, rows = like.before, len(like)
    texts = len(quotes) == 4 * rows
    if stems is None or not (texts or len(quotes) == 2 * rows):
        return None
    opening = quotes[::4] if texts else quotes[::2]
    if opening[0] != 1 or not stems.stand_at(written, opening):
        return None
    starts, each = opening + stems.lengths, written.each
    if texts:  # each cell begins with a quote, so that the next one ends it: no quote is left for anything inside
        ends = quotes[3::4] + 1
        fits = np.array_equal(starts, quotes[2::4])
    else:
        spaced = each[starts[0] - 1] == SPACE
        ends = np.append(opening[1:] - 1 - spaced, end)
        fits = (not spaced or (each[ends[:-1] + 1] == SPACE).all()) and _plain(written, starts, ends)
    if not fits or not (each[ends[:-1]] == COMMA).all():
        return None
    found = ByteRows(written, like.row_keys, (starts, ends), texts=texts)
    found.before = stems
    return found


def _plain(written: Written, starts: Places, ends: Places) -> bool:
    """Whether no cell, of those that are no texts, could be too large for a number."""
    return bool((ends - starts).max() <= LONGEST_NUMBER) and b"e" not in written.raw and b"E" not in written.raw


def _keys(written: Written, starts: Places, lengths: Places, like: ByteRows | None) -> Words | None:
    """Give each key as a word. None where two are equal, or one is too long or nothing."""
    if not ((lengths > 0) & (lengths <= WORD)).all():
        return None
    keys = written.short(starts, lengths)
    if like is not None and np.array_equal(keys, like.row_keys):
        return like.row_keys
    rising = (keys[1:] > keys[:-1]).all()  # as numbers do that rise
    return keys if rising or len(np.unique(keys)) == len(keys) else None
