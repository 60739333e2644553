"""Observations: one value of one sign at one instant from one channel, and which statement about it holds.

Two statements about one observation have an order that does not depend on which came first, so that repeated, late and
swapped messages lead to the same memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf
from operator import add
from typing import NamedTuple

from fcv_api.domain.vitals import INDEX_BY_CODE, SIGNS

FINAL, CORRECTION, DELETION = "F", "C", "D"
AT_EQUAL_TIMES = {DELETION: 3, CORRECTION: 2, FINAL: 1}
STATIC_CODES = tuple(sign.code for sign in SIGNS if sign.static)
UNKNOWN_UNIT, IMPLAUSIBLE, CONFLICTING = "unknown_unit", "implausible_value", "conflicting_values"
QUESTIONABLE = "questionable_value"
"""Flags: what a window cut from the store must warn of, by the codes of the warnings. A mean's have a figure, after a
`=`: how many values lay outside the limits, if more than one; how far apart those lay that the mean is of."""
UNITS_BETWEEN = "\n"
"""Between several units of one observation that nobody knows: no unit holds a control character."""


class Key(NamedTuple):
    """Which observation of a stay and a source. sign: its code. at: in microseconds since the epoch, in UTC."""

    sign: int
    at: int
    channel: str
    name: str


class Statement(NamedTuple):
    """What was stated of an observation. sent_at: in microseconds. value: None for a deletion.

    unit: as sent. flag: codes of warnings, with blanks between them.
    """

    status: str
    sent_at: int
    value: float | None
    unit: str = ""
    flag: str = ""


class Observation(NamedTuple):
    """One row as it was sent: its key, what it states but for the time of sending, and the bed that it names."""

    key: Key
    status: str
    value: float | None
    unit: str = ""
    flag: str = ""
    bed: str = ""

    def sent(self, sent_at: int) -> Statement:
        """Return the statement. `W`, and a correction without a value, delete as `D` does."""
        if self.status in (DELETION, "W") or self.value is None:
            return Statement(DELETION, sent_at, None)
        return Statement(self.status, sent_at, self.value, self.unit, self.flag)


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one encounter in one request or message, in its order.

    repeated: observations that a monitor may only repeat, each as new as the message: stored where the value changed.
    """

    encounter: int
    observations: Sequence[Observation]
    repeated: Sequence[Observation] = ()


Rank = tuple[bool, int, int, float, str, str, str]


def rank(statement: Statement) -> Rank:
    """Return a statement's place in the order of all about one observation: the greatest holds.

    A correction or deletion over every other status, whenever sent; then the later one; at equal times deletion over
    correction, and final over any other status; then the larger value. The rest only makes the order a total one.
    """
    status, sent_at, value, unit, flag = statement
    corrects = status in (CORRECTION, DELETION)
    size = -inf if value is None else value
    return corrects, sent_at, AT_EQUAL_TIMES.get(status, 0), size, status, unit, flag


def says_the_same(one: Statement, other: Statement) -> bool:
    """Return whether two statements differ in nothing but when they were sent."""
    return one._replace(sent_at=0) == other._replace(sent_at=0)


def averaged(observations: Iterable[Observation]) -> list[Observation]:
    """Return one observation for each key and status, with the mean where several came at once, as a window takes it.

    Values outside the hard limits are left out of a mean, and flagged.
    """
    groups: defaultdict[tuple[Key, str], list[Observation]] = defaultdict(list)
    for each in observations:
        groups[each.key, each.status].append(each)
    return [group[0] if len(group) == 1 else _mean(group) for group in groups.values()]


def _mean(group: list[Observation]) -> Observation:
    """Return the mean of observations of one key and status; the greatest bed holds, whatever their order.

    Of values outside the hard limits alone it is one of them: a mean might lie inside. Of units that nobody knows all.
    """
    usable = [each.value for each in group if each.value is not None and IMPLAUSIBLE not in each.flag]
    outside = [each.value for each in group if each.value is not None and IMPLAUSIBLE in each.flag]
    mean = reduce(add, usable) / len(usable) if usable else None  # `sum` of floats is another one since Python 3.12
    unknown = sorted({each.unit for each in group if UNKNOWN_UNIT in each.flag})
    return Observation(
        group[0].key,
        group[0].status,
        max(outside, default=None) if mean is None else mean,
        UNITS_BETWEEN.join(unknown) or max(each.unit for each in group),
        " ".join(sorted([*_flags(usable, len(outside), group[0].key.sign), *_kept_flags(group)])),
        max(each.bed for each in group),
    )


def _kept_flags(group: Sequence[Observation]) -> list[str]:
    """Return the flags without a figure: a mean has those of any of its values."""
    return [code for code in (UNKNOWN_UNIT, QUESTIONABLE) if any(code in each.flag.split() for each in group)]


def _flags(usable: Sequence[float], outside: int, sign: int) -> list[str]:
    """Return the flags of a mean, each with its figure. outside: how many values were no measurements."""
    flags = [IMPLAUSIBLE if outside == 1 else f"{IMPLAUSIBLE}={outside}"] if outside else []
    apart = round(max(usable) - min(usable), 6) if usable else 0.0
    if apart > SIGNS[INDEX_BY_CODE[sign]].limits.apart:
        flags.append(f"{CONFLICTING}={apart!r}")
    return flags


def figure_of(flag: str, code: str) -> float | None:
    """Return the figure of a code among flags; 1 where it stands alone, None where it is not there."""
    for each in flag.split():
        name, _, figure = each.partition("=")
        if name == code:
            return float(figure or 1)
    return None


def with_those_of_no_channel(statements: Mapping[Key, Statement]) -> dict[Key, Statement]:
    """Return what holds of each observation when those without a channel are compared with every channel of the name.

    A gateway that names no channel in a correction or deletion means whichever channel the value came by.
    """
    found = {}
    for key, own in statements.items():
        general = statements.get(key._replace(channel="")) if key.channel else None
        found[key] = own if general is None else max(own, general, key=rank)
    return found
