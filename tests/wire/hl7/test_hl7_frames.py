"""Frames: what is one, whatever the packets are, and when a connection has had its time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.wire.hl7.frames import FrameBuffer, framed

ONE, TWO = b"MSH|^~\\&|GW\rPID|||1\r", b"MSH|^~\\&|GW\rPID|||2\r"


def fed(*packets: bytes, most: int = 1000) -> list[bytes]:
    buffer = FrameBuffer(most)
    return [frame for packet in packets for frame in buffer.feed(packet, 0.0)]


@pytest.mark.parametrize(
    "packets",
    [
        [framed(ONE) + framed(TWO)],
        [framed(ONE)[:-1] + framed(TWO)[:-1]],
        [framed(ONE)[:-2], b"\x1c", b"\r" + framed(TWO)],
        [b"\x0b\x0b" + ONE + b"\x1c\r\x1c\r", framed(TWO)],
        [b"\r\n\0noise" + framed(ONE) + b"GET / HTTP/1.1\r\n" + framed(TWO)],
        [b"\x0bMSH|^~\\&|GW\rPID|||9\rOB" + framed(ONE), framed(TWO)],
        [b"\x0b\r\n", ONE + b"\x1c", framed(TWO)],
    ],
    ids=["one-packet", "no-cr", "split-end", "doubled", "noise", "begun-anew", "blank-first"],
)
def test_frames_are_found(packets: list[bytes]) -> None:
    assert [frame.lstrip() for frame in fed(*packets)] == [ONE, TWO]


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), max_size=8))
def test_packets_make_no_difference(cuts: list[int]) -> None:
    whole = b"\n\0" + framed(ONE) + b"\r\x0b" + framed(TWO) + framed(ONE)[:-4]
    ends = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    assert fed(*(whole[a:b] for a, b in pairwise(ends))) == [ONE, TWO]


def test_half_a_message_is_none() -> None:
    assert fed(framed(ONE)[:-2]) == []


def test_a_frame_over_the_limit_ends_the_connection_after_those_before_it() -> None:
    buffer = FrameBuffer(30)
    assert buffer.feed(framed(ONE) + b"\x0bMSH" + b"x" * 28, 0.0) == [ONE]
    assert buffer.is_too_long
    assert buffer.feed(framed(ONE), 0.0) == []


def test_the_clock_starts_with_bytes_and_ends_with_a_frame() -> None:
    buffer = FrameBuffer(1000)
    assert buffer.deadline() is None
    buffer.feed(b"\r\n\0", 5.0)
    assert buffer.deadline() is None
    buffer.feed(b"\x0bMSH", 10.0)
    buffer.feed(b"|", 35.0)
    assert buffer.deadline() == 40.0
    buffer.feed(b"^~\\&\x1c\r", 36.0)
    assert buffer.deadline() is None
    buffer.feed(b"GET / HTTP", 50.0)
    assert buffer.deadline() == 80.0


def test_many_frames_and_noise_take_time_by_their_length_only() -> None:
    assert len(fed(b"\x0b\x1c" * 200_000)) == 200_000
    assert fed(b"\x0b" * 500_000 + b"\x1c", most=1_000_000) == [b""]
