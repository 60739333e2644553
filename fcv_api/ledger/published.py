"""Read what was published of the chain: by whole lines of our own logger, which no client's words can be."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from fcv_api.ledger.record import Link

AT, NUMBER, HASH = rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)", rb"(\d{1,18})", rb"([0-9a-f]{64})"
HEAD = re.compile(rb"%b head %b %b purged %b %b %b" % (AT, NUMBER, HASH, NUMBER, NUMBER, HASH))
PURGE = re.compile(rb"%b purge %b %b count %b" % (AT, NUMBER, HASH, NUMBER))
RESTORE = re.compile(rb"%b restore %b %b" % (AT, NUMBER, HASH))
OF_APP_LOG = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} , INFO , ledger: head %b %b" % (NUMBER, HASH))
"""How versions before `heads.log` published a head. A request's line has its dict right after `INFO`."""


class BrokenChain(Exception):
    """The record is not what was recorded. The message names the first place as one sentence."""


class Line(NamedTuple):
    """A line that was understood. at: empty in an `app.log`. purged: of a head, the last record that was purged."""

    at: str
    kind: str
    link: Link
    purged: Link | None = None


class Restored(NamedTuple):
    """A backup that was put in place. lost: heads of the record before it that are not in it, the newest last."""

    at: str
    last: Link
    lost: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """What logs say of the chain. heads: a record's hash by its number, as it is since the last restore.

    purged: up to which record purges were announced; None where no log was read that would say it. newest_at: when the
    newest head was published; empty where an `app.log` says it.
    """

    heads: Mapping[int, str] = field(default_factory=dict)
    purged: int | None = None
    restored: tuple[Restored, ...] = ()
    newest_at: str = ""

    @property
    def newest(self) -> Link | None:
        """The head of the largest number."""
        return Link(*max(self.heads.items())) if self.heads else None

    def gave_up(self, head: Link, at: str) -> bool:
        """Whether a head that was published at some time was given up since, by a restore."""
        return any(head in each.lost or (each.at > at and head.seq > each.last.seq) for each in self.restored)

    def check_purge(self, seq: int) -> None:
        """Compare the number up to which records were purged with what was announced. Raises BrokenChain."""
        if self.purged is not None and seq > self.purged:
            raise BrokenChain(
                f"All records up to {seq} were purged, and the logs announce a purge up to record {self.purged} only: "
                "nobody ran `fcv ledger purge` for the others, or the log of the host where it ran is missing here."
            )


def read_logs(logs: Iterable[Path]) -> Published:
    """Read logs. Raises BrokenChain where they contradict themselves, or OSError."""
    return fold(_in_order([list(parse(_content(log))) for log in logs]))


def parse(content: bytes) -> Iterator[Line]:
    """Yield the lines of a log that are whole and our own. Only a line feed ends a line."""
    for line in content.split(b"\n"):
        if found := HEAD.fullmatch(line):
            at, seq, value, _count, purged, last = found.groups()
            yield Line(at.decode(), "head", _link(seq, value), _link(purged, last))
        elif found := PURGE.fullmatch(line):
            at, seq, value, _count = found.groups()
            yield Line(at.decode(), "purge", _link(seq, value))
        elif found := RESTORE.fullmatch(line):
            at, seq, value = found.groups()
            yield Line(at.decode(), "restore", _link(seq, value))
        elif found := OF_APP_LOG.fullmatch(line):
            yield Line("", "head", _link(*found.groups()))


def fold(lines: Iterable[Line]) -> Published:
    """Put lines together, in the order in which they were written. Raises BrokenChain.

    The heads say up to where records were purged when the logs begin. Whatever is purged later, a purge announces. A
    restore gives up what was published of later records: their numbers are given anew.
    """
    story = _Story()
    for line in lines:
        if line.kind == "restore":
            story.restore(line)
        story.add(line)
    return story.published()


@dataclass(slots=True)
class _Story:
    """What lines have said so far. before: up to where records were purged, by the heads."""

    heads: dict[int, str] = field(default_factory=dict)
    before: list[int] = field(default_factory=list)
    announced: list[int] = field(default_factory=list)
    restored: list[Restored] = field(default_factory=list)
    at: dict[int, str] = field(default_factory=dict)
    doubtful: set[int] = field(default_factory=set)
    """Numbers of which two different hashes were published."""

    def add(self, line: Line) -> None:
        """Take up what a line says."""
        for link in (line.link, line.purged):
            if link and link.seq and self.heads.setdefault(link.seq, link.hash) != link.hash:
                self.doubtful.add(link.seq)
        self.at[line.link.seq] = line.at
        if line.purged:
            self.before.append(line.purged.seq)
        elif line.kind == "purge":
            self.announced.append(line.link.seq)

    def restore(self, line: Line) -> None:
        """Forget what was published of records after those of a backup."""
        last = line.link.seq
        lost = tuple(Link(*each) for each in sorted(self.heads.items()) if each[0] > last)
        self.restored.append(Restored(line.at, line.link, lost))
        self.heads = {seq: value for seq, value in self.heads.items() if seq <= last}
        self.before = [seq for seq in self.before if seq <= last]
        self.announced = [seq for seq in self.announced if seq <= last]
        self.doubtful = {seq for seq in self.doubtful if seq <= last}

    def published(self) -> Published:
        """Return what came of it. Raises BrokenChain where lines contradict each other, or nobody announced a purge."""
        if self.doubtful:
            raise BrokenChain(f"Two different hashes of record {min(self.doubtful)} were published.")
        announced = max([min(self.before, default=0), *self.announced]) if self.before or self.announced else None
        newest_at = self.at.get(max(self.heads, default=0), "")
        found = Published(self.heads, announced, tuple(self.restored), newest_at)
        found.check_purge(max(self.before, default=0))
        return found


def _in_order(logs: list[list[Line]]) -> list[Line]:
    """Bring the lines of several logs into the order of time, and leave those of one in their own order."""
    placed: list[tuple[str, Line]] = []
    for lines in logs:
        latest = ""
        for line in lines:
            latest = max(latest, line.at)
            placed.append((latest, line))
    return [line for _, line in sorted(placed, key=_when)]


def _when(placed: tuple[str, Line]) -> str:
    return placed[0]


def _content(log: Path) -> bytes:
    return gzip.decompress(log.read_bytes()) if log.suffix == ".gz" else log.read_bytes()


def _link(seq: bytes, value: bytes) -> Link:
    return Link(int(seq), value.decode())
