"""What was measured of a stay in each of its last slots: what a page draws, and nothing that was filled in."""

from __future__ import annotations

from collections.abc import Mapping

from fcv_api.domain.encounter import HIGHEST, LOWEST
from fcv_api.domain.stays import SLOT
from fcv_api.domain.vitals import INDEX_BY_CODE, SIGNS
from fcv_api.domain.window import WindowSpec
from fcv_api.extensions.cursors import read_cursor, read_rows
from fcv_api.feed.cut import cut_of
from fcv_api.feed.window_rows import SELECT

SINCE = f"{SELECT} WHERE encounter = ? AND (at > ? OR sign IN ({{}})) AND at <= ? ORDER BY sign, at, channel, name"
STATIC = ", ".join(str(sign.code) for sign in SIGNS if sign.static)
ROWS = SINCE.format(STATIC)
Slots = Mapping[int, float]
"""By the end of a slot in microseconds, the last value in it."""


def measured(encounter: int, since: int, now: int) -> dict[str, Slots]:
    """Return each sign's last plausible value in each slot, by one name and channel, as a window reads them.

    Of height and weight the newest alone, however old.
    """
    with read_cursor() as cursor:
        rows = [tuple(row) for row in read_rows(cursor, ROWS, encounter, since, now)]
    end = -(-now // SLOT) * SLOT
    found: dict[str, dict[int, float]] = {sign.name: {} for sign in SIGNS}
    spec = WindowSpec(instants=(end - since) // SLOT)
    for key, statement, _received in cut_of(rows, encounter, end, spec).used:
        index = INDEX_BY_CODE[key.sign]
        if statement.value is not None and LOWEST[index] <= statement.value <= HIGHEST[index]:
            slot = 0 if SIGNS[index].static else -(-key.at // SLOT) * SLOT
            found[SIGNS[index].name][slot] = float(statement.value)
    return {name: dict(sorted(slots.items())) for name, slots in found.items()}
