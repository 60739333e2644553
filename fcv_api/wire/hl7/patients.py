"""Whose a patient's group is: the visit, as PV1 and PID name it, and the bed. Never one by the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fcv_api.wire.cells import LARGEST_ID
from fcv_api.wire.hl7.characters import fitted
from fcv_api.wire.hl7.segments import Fields, Header, components, field, repetitions, text_of
from fcv_api.wire.observation_cells import LONGEST_BED

VISIT, ACCOUNT = "VN", "AN"
MOST_IDENTIFIERS = 50
"""Of a patient: more are not looked at."""
CANONICAL = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)
"""A number that is written in one way only: 0123 and 123 are two identifiers."""


class Identifier(NamedTuple):
    """An identifier as a message names it. kind: its type. authority: who gave it.

    is_visit: of a visit or an account, by PV1-19, PID-18, or PID-3 of type VN or AN.
    """

    kind: str
    authority: str
    value: str
    is_visit: bool

    @property
    def number(self) -> int | None:
        """Return it as the encounter's number where a source sends pseudonyms; None for what cannot be one."""
        if not (self.is_visit and CANONICAL.fullmatch(self.value)):
            return None
        return found if (found := int(self.value)) <= LARGEST_ID else None


def identifier_of(pid: Fields, pv1: Fields, header: Header) -> Identifier | None:
    """Return PV1-19; else PID-18; else PID-3 of type VN or AN; else the first of PID-3; else None."""
    for cell, kind in ((field(pv1, 19), VISIT), (field(pid, 18), ACCOUNT)):
        if found := next(_identifiers(cell, header), None):
            return found._replace(kind=found.kind or kind, is_visit=True)
    listed = list(_identifiers(field(pid, 3), header))
    visits = [each for each in listed if each.kind in (VISIT, ACCOUNT)]
    if visits:
        return visits[0]._replace(is_visit=True)
    return listed[0] if listed else None


def _identifiers(cell: str, header: Header) -> Iterator[Identifier]:
    for repetition in repetitions(cell, header.delimiters)[:MOST_IDENTIFIERS]:
        parts = [text_of(part, header) for part in components(repetition, header.delimiters)[:5]]
        parts += [""] * (5 - len(parts))
        if parts[0]:
            yield Identifier(parts[4].upper(), parts[3], parts[0], is_visit=False)


def bed_of(pv1: Fields, header: Header) -> str:
    """Return the whole location, as text; empty where it names nothing."""
    text = text_of(field(pv1, 3), header)
    return fitted(text, LONGEST_BED) if any(each.isalnum() for each in text) else ""
