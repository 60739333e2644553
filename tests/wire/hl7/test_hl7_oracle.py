"""What is read by hand is what python-hl7 reads of the corpus spoilt by seed: fields, components, escapes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hl7.parser import parse
from hl7_mutations import seeds, spoilt
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.wire.hl7.characters import HL7_NULL, WRONG_BYTES, Delimiters, unescaped
from fcv_api.wire.hl7.segments import (
    Header,
    Message,
    components,
    header_of,
    messages_of,
    repetitions,
    segments_of,
)

Nested = list[list[list[str]]]
"""The fields of a segment, the repetitions of each, and the components of these."""
TIMES = 400


def by_hand(fields: Sequence[str], header: Header) -> Nested:
    marks = header.delimiters
    return [[components(each, marks) for each in repetitions(cell, marks)] for cell in fields]


def by_library(segment: Any) -> Nested:
    return [[[field]] if isinstance(field, str) else [_components(each) for each in field] for field in segment]


def _components(repetition: Any) -> list[str]:
    return [repetition] if isinstance(repetition, str) else [str(each) for each in repetition]


def text_of(own: Message, header: Header) -> str:
    """Return a message as the library takes it."""
    lines = [own.lines[0].decode("latin-1"), b"\r".join(own.lines[1:]).decode(header.codec, WRONG_BYTES)]
    return "\r".join(lines)


def is_comparable(header: Header) -> bool:
    """Return whether both know the delimiters: the library finds a doubled one in the wrong place."""
    marks = header.delimiters
    return all(marks) and len(set(marks)) == len(marks) and not set("".join(marks)) & set(" \t\r\n")


def difference(own: Message) -> str | None:
    """Return what the library reads otherwise; None where it reads the same."""
    header = header_of(own)
    text = text_of(own, header)
    if not is_comparable(header) or text != text.strip():
        return "not comparable"
    msh, *segments = parse(text)
    control = "".join(each for each in str(msh[10]) if each >= " " and each != "\x7f") if len(msh) > 10 else ""
    if control.strip() not in ("", HL7_NULL) and control.encode("latin-1") != header.control:
        return "control"
    found = [by_hand(fields, header) for fields in segments_of(own, header)] if len(own.lines) > 1 else []
    return None if found == [by_library(each) for each in segments] else "segments"


def test_the_spoilt_corpus_is_split_as_the_library_splits_it() -> None:
    dice, corpus, found = random.Random(2), seeds(), Counter[str | None]()
    for _ in range(TIMES):
        found.update(difference(own) for own in messages_of(spoilt(dice, corpus)))
    assert set(found) == {None, "not comparable"}
    assert found[None] > 0.9 * found.total()


SEQUENCES = ["F", "S", "R", "T", "E", "X41", "X4243", "X7C"]


@pytest.mark.parametrize("marks", [Delimiters(), Delimiters("#", "@", "*", "!", "$")])
@settings(deadline=None)
@given(st.lists(st.sampled_from(SEQUENCES) | st.text("AB 1", max_size=3), max_size=8))
def test_escapes_are_what_the_library_makes_of_them(marks: Delimiters, parts: list[str]) -> None:
    text = "".join(f"{marks.escape}{each}{marks.escape}" if each in SEQUENCES else each for each in parts)
    oracle = parse(f"MSH{''.join(marks)}{marks.field}GW\rPID{marks.field}1")
    assert unescaped(text, marks) == oracle.unescape(text)
