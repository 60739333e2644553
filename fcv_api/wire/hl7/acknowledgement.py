"""The answer to a message: ACK with its own MSA-2, in the sender's own delimiters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fcv_api.wire.hl7.characters import Delimiters
from fcv_api.wire.hl7.reading import Ack
from fcv_api.wire.hl7.segments import Header

LATEST_VERSION = b"2.6"


def acknowledgement(header: Header | None, ack: Ack, now: int, *, accept: bool = False) -> bytes:
    """Return the ACK of a message. header: None where it has none. now: in microseconds, UTC.

    accept: in the codes of HL7's enhanced mode, CA, CE and CR, which a source may ask for.
    """
    code = ack.value.replace("A", "C", 1) if accept else ack.value
    marks = header.delimiters if header else Delimiters()
    time = (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=now)).strftime("%Y%m%d%H%M%S+0000")
    sender = header.peers if header else (b"", b"", b"", b"")
    control = header.control if header else b""
    event = header.event if header and header.event.isalnum() and header.event.isascii() else ""
    kind = (marks.component or "^").join(["ACK", *([event, "ACK"] if event else [])])
    others = "".join(marks[1:])
    own_id = f"FCV{now}"
    cells: list[str | bytes] = [
        "MSH",
        others,
        *sender[2:],
        *sender[:2],
        time,
        "",
        kind,
        own_id,
        "P",
        header.version if header else b"",
    ]
    cells[-1] = cells[-1] or LATEST_VERSION
    lines: tuple[list[str | bytes], ...] = (cells, ["MSA", code, control])
    return b"".join(_bytes(marks.field).join([_bytes(each) for each in line]) + b"\r" for line in lines)


def _bytes(cell: str | bytes) -> bytes:
    return cell.encode("latin-1") if isinstance(cell, str) else cell
