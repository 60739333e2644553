"""What the listener needs to know when it starts."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from time import monotonic

from fcv_api.wire.hl7.source import Source


class Queue:
    """When each frame came that is not answered yet, the oldest first."""

    def __init__(self) -> None:
        self._since: deque[float] = deque()

    def enter(self) -> None:
        """Note that a frame came."""
        self._since.append(monotonic())

    def leave(self) -> None:
        """Note that the oldest was answered."""
        self._since.popleft()

    def age(self) -> float:
        """Return for how many seconds the oldest has waited; 0 where none waits."""
        try:
            return monotonic() - self._since[0]
        except IndexError:
            return 0.0

    def __len__(self) -> int:
        return len(self._since)


@dataclass(frozen=True, slots=True)
class Site:
    """Which gateways there are, and how their messages are taken.

    key: of pseudonyms. hours: how long observations are kept. most: bytes of a message. queue: of frames.
    """

    sources: Sequence[Source]
    key: str = field(repr=False)
    hours: int
    most: int
    allow_test: bool = False
    queue: Queue = field(default_factory=Queue, compare=False)

    def source_of(self, address: str, names: Sequence[str] = ()) -> Source | None:
        """Return who sends, by the names of a certificate, else by the address; None for whom nobody listed."""
        folded = {name.casefold() for name in names}
        for source in self.sources:
            if folded.intersection(each.casefold() for each in source.certificates):
                return source
        found = ip_address(address.partition("%")[0])
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return next((each for each in self.sources if any(found in network for network in each.peers)), None)
