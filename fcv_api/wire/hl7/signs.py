"""Which of the nine signs an OBX-3 names: by its name in MDC, or by a code of MDC, or by the source's own table."""

from __future__ import annotations

from typing import NamedTuple

from fcv_api.domain.channels import BEAT_RATE, HEART_RATE
from fcv_api.domain.vitals import INDEX_BY_CODE, INDEX_BY_NAME, SIGNS
from fcv_api.wire.cells import PREFIX, VENDOR_PREFIX
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.source import Source

MDC = "MDC"
SIGN_OF_NAME = INDEX_BY_NAME | {BEAT_RATE: INDEX_BY_NAME[HEART_RATE]}
LONGEST_NAME = 64
CODINGS = 6
"""Components of a coded element: code, name and system, and the same once more in another system."""


class Named(NamedTuple):
    """A sign by its index, and the name that its observations go by: one name serves a window."""

    sign: int
    name: str


def sign_named(components: list[str], source: Source) -> Named | Reason:
    """Return which sign a coded element names. components: of OBX-3, as text."""
    cells = [*components[:CODINGS], *[""] * (CODINGS - len(components))]
    codings = (cells[0], cells[1], cells[2]), (cells[3], cells[4], cells[5])
    for coding in codings if source.names or source.codes else ():
        if (found := _by_alias(*coding, source)) is not None:
            return found
    reason = Reason.OTHER_SIGN
    for code, name, system in codings:
        found_or = _by_mdc(code, name.upper(), system.upper())
        if isinstance(found_or, Named):
            return found_or
        reason = max(reason, found_or, key=RANK.index)
    return reason


RANK = (Reason.OTHER_SIGN, Reason.VENDOR_CODE, Reason.CODE_AND_NAME)


def _by_alias(code: str, name: str, system: str, source: Source) -> Named | None:
    """Return the sign by the source's tables. Its observations go by the table's own key: no text of a message does."""
    for table, key in ((source.names, name), (source.codes, f"{code}^{system}"), (source.codes, code)):
        if table and (sign := table.get(key.casefold())) is not None:
            return Named(sign, key.casefold()[:LONGEST_NAME])
    return None


def _by_mdc(code: str, name: str, system: str) -> Named | Reason:
    """Return the sign by its name; where that is no name of MDC, such as a display's text, by its code."""
    own = int(code) if code.isascii() and code.isdecimal() and len(code) < 10 else -1  # noqa: PLR2004
    coded = INDEX_BY_CODE.get(own)
    if system != MDC:
        known = coded is not None or _standard(name) in SIGN_OF_NAME
        return Reason.VENDOR_CODE if known else Reason.OTHER_SIGN
    standard = _standard(name)
    if standard in SIGN_OF_NAME:
        sign = SIGN_OF_NAME[standard]
        return Reason.CODE_AND_NAME if coded not in (None, sign) else Named(sign, standard)
    if coded is None:
        return Reason.OTHER_SIGN
    return Reason.CODE_AND_NAME if standard.startswith(PREFIX) else Named(coded, SIGNS[coded].name)


def _standard(name: str) -> str:
    return PREFIX + name[len(VENDOR_PREFIX) :] if name.startswith(VENDOR_PREFIX) else name
