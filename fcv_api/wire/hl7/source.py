"""What a site says of one gateway: who it is, its clock, and what it means by names of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from ipaddress import IPv4Network, IPv6Network

from fcv_api.domain.stays import TEST
from fcv_api.domain.units import Unit

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Source:
    """One gateway, by the keys of its table in the file of sources.

    zone: of times without an offset. repeats, names, codes: signs by their index in `vitals.SIGNS`. names and codes are
    of OBX-3, with their letters as `casefold` has them; a code may be `CODE^SYSTEM`.
    """

    name: str
    zone: tzinfo
    peers: tuple[Network, ...] = ()
    certificates: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    msh7_zone_for_obx: bool = True
    time_from_msh7: bool = False
    pseudonyms: bool = False
    repeats: frozenset[int] = frozenset()
    test: bool = False
    accept: bool = False
    names: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return its name as the memory of beds knows it."""
        return f"{TEST}{self.name}" if self.test else self.name
