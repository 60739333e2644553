"""MLLP: frames cut out of a stream of bytes, whatever the packets are. The caller passes the clock."""

from __future__ import annotations

import re

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
SECONDS = 30.0
"""For which a connection may send bytes without completing a frame."""
BETWEEN = b"\r\n\0"
"""What senders write between frames: it begins no frame and starts no clock."""
BEGUN_ANEW = re.compile(rb"\x0b(?=[\x0b\r\n\0 ]{0,8}(?:MSH|FHS|BHS))")
"""Inside a frame: a sender that gave a message up begins again. Half a message is no message."""


class FrameBuffer:
    """The bytes of one connection that are no whole frame yet."""

    def __init__(self, most: int) -> None:
        """most: bytes of a frame."""
        self._most = most
        self._held = bytearray()
        self._is_open = False
        self._since: float | None = None
        self.is_too_long = False
        """Whether a frame is over the limit: nothing more is taken, and the connection is to be closed."""

    def feed(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes, and return the frames that they complete. now: in seconds."""
        frames: list[bytes] = []
        at = 0
        while at < len(data) and not self.is_too_long:
            at = self._take_inside(data, at, frames) if self._is_open else self._take_outside(data, at, now)
        if self._is_open and self._since is None:
            self._since = now
        return frames

    def deadline(self) -> float | None:
        """Return until when a frame must be complete; None while there is nothing of one."""
        return None if self._since is None else self._since + SECONDS

    def _take_outside(self, data: bytes, at: int, now: float) -> int:
        """Ignore what lies before the next frame, and return where its content begins."""
        begin = data.find(VT, at)
        self._is_open = begin >= 0
        end = begin if self._is_open else len(data)
        if self._since is None and data[at:end].strip(BETWEEN + FS):
            self._since = now
        return end + 1

    def _take_inside(self, data: bytes, at: int, frames: list[bytes]) -> int:
        """Take up to the next FS, and return what lies behind it."""
        found = data.find(FS, at)
        end = found if found >= 0 else len(data)
        if len(self._held) + end - at > self._most:
            self.is_too_long = True
            self._held.clear()
            return end
        self._held += data[at:end]
        if found >= 0:
            frames.append(last_begun(bytes(self._held)))
            self._held.clear()
            self._is_open, self._since = False, None
        return end + 1


def last_begun(content: bytes) -> bytes:
    """Return a frame's content behind the last VT that begins a message."""
    begun = [found.end() for found in BEGUN_ANEW.finditer(content)]
    return content[begun[-1] if begun else 0 :].lstrip(VT)


def framed(content: bytes) -> bytes:
    """Return a message in its frame."""
    return VT + content + FS + CR
