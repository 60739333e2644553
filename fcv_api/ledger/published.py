"""Read what was published of the chain: by whole lines of our own logger, which no client's words can be."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from fcv_api.ledger.record import Link

AT, NUMBER, HASH = rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)", rb"(\d{1,18})", rb"([0-9a-f]{64})"
HEAD = re.compile(rb"%b head %b %b purged %b %b %b" % (AT, NUMBER, HASH, NUMBER, NUMBER, HASH))
PURGE = re.compile(rb"%b purge %b %b count %b" % (AT, NUMBER, HASH, NUMBER))
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


@dataclass(frozen=True, slots=True)
class Published:
    """What logs say of the chain. heads: a record's hash by its number.

    purged: up to which record purges were announced; None where no log was read that would say it.
    """

    heads: Mapping[int, str] = field(default_factory=dict)
    purged: int | None = None

    def check_purge(self, seq: int) -> None:
        """Compare the number up to which records were purged with what was announced. Raises BrokenChain."""
        if self.purged is not None and seq > self.purged:
            raise BrokenChain(
                f"All records up to {seq} were purged, and the logs announce a purge up to record {self.purged} only: "
                "nobody ran `fcv ledger purge` for the others, or the log of the host where it ran is missing here."
            )


def read_logs(logs: Iterable[Path]) -> Published:
    """Read logs. Raises BrokenChain where they contradict themselves, or OSError."""
    return fold([line for log in logs for line in parse(_content(log))])


def parse(content: bytes) -> Iterator[Line]:
    """Yield the lines of a log that are whole and our own. Only a line feed ends a line."""
    for line in content.split(b"\n"):
        if found := HEAD.fullmatch(line):
            at, seq, value, _count, purged, last = found.groups()
            yield Line(at.decode(), "head", _link(seq, value), _link(purged, last))
        elif found := PURGE.fullmatch(line):
            at, seq, value, _count = found.groups()
            yield Line(at.decode(), "purge", _link(seq, value))
        elif found := OF_APP_LOG.fullmatch(line):
            yield Line("", "head", _link(*found.groups()))


def fold(lines: Sequence[Line]) -> Published:
    """Put lines together. Raises BrokenChain.

    The heads say up to where records were purged when the logs begin. Whatever is purged later, a purge announces.
    """
    heads: dict[int, str] = {}
    for link in (link for line in lines for link in (line.link, line.purged) if link and link.seq):
        if heads.setdefault(link.seq, link.hash) != link.hash:
            raise BrokenChain(f"Two different hashes of record {link.seq} were published.")
    before = [line.purged.seq for line in lines if line.purged]
    announced = [line.link.seq for line in lines if line.kind == "purge"]
    if not before and not announced:
        return Published(heads)
    published = Published(heads, max([min(before, default=0), *announced]))
    published.check_purge(max(before, default=0))
    return published


def _content(log: Path) -> bytes:
    return gzip.decompress(log.read_bytes()) if log.suffix == ".gz" else log.read_bytes()


def _link(seq: bytes, value: bytes) -> Link:
    return Link(int(seq), value.decode())
