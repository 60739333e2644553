"""Messages split into segments and fields, by hand.

python-hl7 makes an object of each component. To split a message of 129 OBX takes it ten times as long as reading the
whole message takes here (`python -m bench.hl7`). It is the oracle of the tests instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fcv_api.wire.hl7.characters import WRONG_BYTES, Delimiters, codec_of, plain, unescaped

VTS = rb"(?<!\x0b)\x0b++"
LINE_ENDS = re.compile(rb"[\r\n\x1c]+|" + VTS + rb"(?=[\0 \t]{0,8}(?:MSH|FHS|BHS))")
"""CR by the standard; LF and CRLF as files and some gateways have; FS, and VT before a message, as a captured stream
has. Any other VT is a control character within a text."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ENVELOPES = (b"FHS", b"BHS", b"BTS", b"FTS")
MESSAGE = re.compile(rb"(?:(?:\A|(?<=[\r\n\x1c]))[ \t\0]*|" + VTS + rb"[ \t\0]{0,8})MSH(?![0-9A-Za-z])")
"""Where a message begins: as `messages_of` has it."""
MESSAGES_AT_ONCE, BYTES_AT_ONCE = 500, 64 * 1024
"""Of a portion. 800,000 headers fit into a frame of 4 MB."""
Fields = Sequence[str]
"""A segment: its name, and its fields by their numbers."""


@dataclass(frozen=True, slots=True)
class Header:
    """What MSH says. control: MSH-10 as it came, without control characters.

    peers: MSH-3 to 6 as they came. event: MSH-9.2.
    """

    delimiters: Delimiters
    codec: str
    peers: tuple[bytes, bytes, bytes, bytes]
    time: str
    kind: str
    event: str
    control: bytes
    processing: str
    version: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message, not read yet: its lines, of which the first is MSH."""

    lines: Sequence[bytes]

    def content(self) -> bytes:
        """Return it as its hash is taken of."""
        return b"\r".join(self.lines)


def messages_of(content: bytes) -> list[Message]:
    """Return the messages of a frame, a file or a batch: each MSH begins one. What envelopes hold belongs to none."""
    found: list[list[bytes]] = []
    is_open = False
    for raw in LINE_ENDS.split(content.removeprefix(BYTE_ORDER_MARK)):
        line = raw.lstrip(b" \t\0\x0b")
        if _begins_message(line):
            found.append([line])
        elif is_open and line and line[:3] not in ENVELOPES:
            found[-1].append(line)
        is_open = _begins_message(line) or (is_open and line[:3] not in ENVELOPES)
    return [Message(lines) for lines in found]


def portions_of(content: bytes) -> Iterator[bytes]:
    """Yield a frame in portions whose messages are, one after the other, its own: each holds at least one, if any.

    So a frame of very many messages holds up nobody who waits for its turn meanwhile.
    """
    start, messages = 0, 0
    for found in MESSAGE.finditer(content):
        at = found.start()
        if messages == MESSAGES_AT_ONCE or (messages and at - start >= BYTES_AT_ONCE):
            yield content[start:at]
            start, messages = at, 0
        messages += 1
    yield content[start:]


def _begins_message(line: bytes) -> bool:
    return line[:3] == b"MSH" and not line[3:4].isalnum()


def is_envelope(content: bytes) -> bool:
    """Return whether content is the envelope of a batch and nothing else: it is not acknowledged."""
    lines = [line for line in LINE_ENDS.split(content) if line.strip(b" \t\0")]
    return bool(lines) and all(line[:3] in ENVELOPES for line in lines)


def header_of(message: Message) -> Header:
    """Read MSH, whatever of it is there."""
    line = message.lines[0]
    mark = line[3:4] or b"|"
    cells = [b"".join(re.findall(rb"[^\x00-\x1f\x7f]+", cell)) for cell in line.split(mark)]
    cells += [b""] * (20 - len(cells))  # MSH-n is cells[n - 1]
    delimiters = _delimiters(mark.decode("latin-1"), cells[1].decode("latin-1"))
    first = [cell.decode("utf-8", WRONG_BYTES) for cell in cells]
    charset = first[17].split(delimiters.repetition or "~")[0]
    kind = [plain(part) for part in first[8].split(delimiters.component or "^")] + ["", ""]
    processing = plain(first[10].split(delimiters.component or "^")[0])
    control = b"" if cells[9].strip() in (b"", b'""') else cells[9]
    peers = cells[2], cells[3], cells[4], cells[5]
    codec = codec_of(charset)
    time = first[6].split(delimiters.component or "^")[0]
    return Header(delimiters, codec, peers, time, kind[0], kind[1], control, processing, cells[11])


def _delimiters(field: str, others: str) -> Delimiters:
    """Return the delimiters by MSH-1 and MSH-2, which may have fewer than four characters."""
    if len(others) == 3 and others[2] == "&":  # noqa: PLR2004 - a sender whose language took the backslash away
        return Delimiters(field, others[0], others[1], "", "&")
    own = list(others[:4])
    return Delimiters(field, *own, *[""] * (4 - len(own)))


def segments_of(message: Message, header: Header) -> list[list[str]]:
    """Return the segments behind MSH, each split into its fields."""
    text = b"\r".join(message.lines[1:]).decode(header.codec, WRONG_BYTES)
    return [line.split(header.delimiters.field) for line in text.split("\r")]


def field(fields: Fields, number: int) -> str:
    """Return a field as it stands; empty where the segment ends before it."""
    return fields[number] if number < len(fields) else ""


def repetitions(text: str, delimiters: Delimiters) -> list[str]:
    """Return the repetitions of a field."""
    return text.split(delimiters.repetition) if delimiters.repetition else [text]


def components(text: str, delimiters: Delimiters) -> list[str]:
    """Return the components of a repetition, not unescaped."""
    return text.split(delimiters.component) if delimiters.component else [text]


def text_of(cell: str, header: Header) -> str:
    """Return a component or field as text: escapes resolved, no control characters, empty for HL7's null."""
    return plain(unescaped(cell, header.delimiters, header.codec))
