"""What the listener needs to know when it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from fcv_api.wire.hl7.source import Source


@dataclass(frozen=True, slots=True)
class Site:
    """Which gateways there are, and how their messages are taken.

    key: of pseudonyms. hours: how long observations are kept. most: bytes of a message.
    """

    sources: Sequence[Source]
    key: str = field(repr=False)
    hours: int
    most: int
    allow_test: bool = False

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
