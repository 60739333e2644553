"""Read the observations of a stay that a window may need, of each sign as far back as it may."""

from __future__ import annotations

from typing import Any

from fcv_api.domain.vitals import SIGNS
from fcv_api.extensions.cursors import read_rows

Row = tuple[Any, ...]
"""sign, at, channel, name, status, sent_at, value, unit, flag, received_at."""
SELECT = "SELECT sign, at, channel, name, status, sent_at, value, unit, flag, received_at FROM observations"
WITHIN = f"{SELECT} WHERE encounter = ? AND sign IN ({{}}) AND at > ? AND at <= ? AND (at > ? OR flag <> '')"
GROUPS = sorted({(sign.static, sign.carried) for sign in SIGNS})
"""Signs that are read as far back as each other: PostgreSQL plans three queries faster than nine."""
CODES = [[sign.code for sign in SIGNS if (sign.static, sign.carried) == group] for group in GROUPS]
READ = " UNION ALL ".join(WITHIN.format(", ".join(map(str, codes))) for codes in CODES)
ALL = -(2**62)
"""Before all times."""


def read_rows_of(
    cursor: Any,  # noqa: ANN401
    encounter: int,
    end: int,
    reach: tuple[int, int] | None,
) -> list[Row]:
    """Return observations up to a slot's end: of a reach, and of what is carried before it; static signs however old.

    reach: how far back those are read that are flagged, for it is warned of them, or that may be carried; and how far
    the others. None for all.
    """
    values: list[int] = []
    for static, longest in GROUPS:
        carried = round(longest.total_seconds() * 1e6)
        far, near = (0, 0) if reach is None else (end - reach[0] - carried, end - reach[1])
        flagged, plain = (ALL, ALL) if static or reach is None else (far, far if carried else near)
        values += [encounter, flagged, end, plain]
    found: list[Row] = read_rows(cursor, READ, *values)
    found.sort()  # each sign's rows come in their order: a database would sort them anew
    return found
