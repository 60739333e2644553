"""Spoilt messages and frames by seed: whatever their bytes are, the reader goes on, and gives nobody another's rows."""

from __future__ import annotations

import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence

from hl7_messages import CORPUS, SOURCE

from fcv_api.wire.hl7.acknowledgement import acknowledgement
from fcv_api.wire.hl7.characters import WRONG_BYTES, plain, unescaped
from fcv_api.wire.hl7.frames import FrameBuffer, framed
from fcv_api.wire.hl7.reading import Group, read
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.segments import Header, Message, messages_of, portions_of
from fcv_api.wire.hl7.shown import as_wire

SEED, SLOWEST = 21, 2.0
"""Seconds for one frame."""
PIECES = (
    *(b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\x0b", b"\x1c", b"\0", b"\xff", b"\xc3", b"MSH|^~\\&|"),
    *(b"PID|||77", b"PV1|", b"OBX|", b"OBR|", b"\\X0D\\", b"\\T\\", b'""', b"-1", b"9" * 70, b"1e5", b"+0500"),
    *(b"BTS|1", b"||||"),
)


def seeds() -> list[bytes]:
    """Return the messages that are spoilt: the corpus."""
    return [file.read_bytes() for file in sorted((CORPUS / "hl7").iterdir())]


def spoilt(dice: random.Random, messages: Sequence[bytes]) -> bytes:
    """Return a message with some bytes cut, doubled, moved, replaced or taken of another one."""
    content = bytearray(dice.choice(messages))
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        at, length = dice.randrange(len(content) + 1), dice.choice((1, 1, 2, 5, 40, 300))
        kind = dice.randrange(6)
        if kind == 0:
            del content[at : at + length]
        elif kind == 1:
            content[at:at] = dice.choice(PIECES)
        elif kind == 2:
            content[at : at + 1] = bytes([dice.randrange(256)])
        elif kind == 3:
            content[at:at] = content[at : at + length]
        elif kind == 4:
            other = dice.choice(messages)
            start = dice.randrange(len(other))
            content[at:at] = other[start : start + length]
        else:
            lines = bytes(content).split(b"\r")
            dice.shuffle(lines)
            content = bytearray(b"\r".join(lines))
    return bytes(content)


def frames_of(dice: random.Random, content: bytes) -> list[bytes]:
    """Send content in its frame, spoilt once more now and then, in packets of any size."""
    stream = framed(content)
    if dice.random() < 0.3:
        at = dice.randrange(len(stream))
        stream = stream[:at] + dice.choice((b"\x0b", b"\x1c", b"\r", b"")) + stream[at + dice.randrange(2) :]
    buffer, found, at = FrameBuffer(1_000_000), [], 0
    while at < len(stream):
        size = dice.choice((1, 7, 100, 65_536))
        found += buffer.feed(stream[at : at + size], 0.0)
        at += size
    return found


def named_above(message: Message, header: Header) -> list[str]:
    """Return for each OBX the text of the PID above it and of that one's PV1: found by a way of its own."""
    text = b"\r".join(message.lines[1:]).decode(header.codec, WRONG_BYTES)
    mark = header.delimiters.field
    own = [line for line in text.split("\r") if line.split(mark)[0].strip() in ("PID", "PV1", "OBX")]
    found = []
    for at, line in enumerate(own):
        if line.split(mark)[0].strip() == "OBX":
            begin = max((i for i in range(at) if own[i].split(mark)[0].strip() == "PID"), default=0)
            end = min((i for i in range(at, len(own)) if own[i].split(mark)[0].strip() == "PID"), default=len(own))
            lines = [each for each in own[begin:end] if each.split(mark)[0].strip() != "OBX"]
            found.append("\n".join(plain(unescaped(each, header.delimiters, header.codec)) for each in lines))
    return found


def check(message: Message) -> str:
    """Read one message, and return its answer. Fails where a row is a patient's whom the message does not name."""
    reading = read(message, SOURCE, allow_test=False)
    assert reading.header is not None
    answer = acknowledgement(reading.header, reading.ack, 0)
    assert answer.count(b"\rMSA" + reading.header.delimiters.field.encode("latin-1")) == 1
    assert all(each.reason is not Reason.UNREADABLE for each in reading.dropped), message.content()
    above = named_above(message, reading.header)
    for group in reading.groups:
        _check_group(group, above)
    as_wire(reading)
    return str(reading.ack)


def _check_group(group: Group, above: Sequence[str]) -> None:
    if group.identifier is None:
        assert not group.rows
        return
    for row in group.rows:
        said = re.sub(r"\s+", " ", above[row.number - 1])
        assert re.sub(r"\s+", " ", group.identifier.value) in said, (group.identifier, said)


def attack(count: int, seed: int = SEED) -> Counter[str]:
    """Spoil and read so many messages. Returns how they were answered."""
    dice, messages, answers = random.Random(seed), seeds(), Counter[str]()
    for _ in range(count):
        started = time.process_time()
        for frame in frames_of(dice, spoilt(dice, messages)):
            assert [each for portion in portions_of(frame) for each in messages_of(portion)] == messages_of(frame)
            answers.update(check(each) for each in messages_of(frame))
            answers["frames"] += 1
        assert time.process_time() - started < SLOWEST
    return answers


if __name__ == "__main__":
    print(
        f"HL7: {dict(attack(int(sys.argv[1])))} of {int(sys.argv[1]):,} spoilt messages and frames; nothing was wrong."
    )
