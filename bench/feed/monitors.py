"""Monitors of many beds: a post of 13 rows a minute each, made in advance but for its bed and its minute.

Nine signs at the minute, and four of them half a minute before. The values move, by one of 60 courses.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from fcv_api.domain.vitals import SIGNS
from fcv_api.wire.example import COURSES
from fcv_api.wire.observations import ObservationsSchema

FIRST = 90_000_001
"""The first bed's encounter. All have as many digits, so that all posts have one length."""
VARIANTS = 60
TWICE_A_MINUTE = (1, 5, 6, 8)
"""Heart rate, pulse, saturation and respiration, by `vitals.SIGNS`."""
MINUTE, HALF_BEFORE = "2001-01-01T00:01:00Z", "2001-01-01T00:00:30Z"
ROWS = len(SIGNS) + len(TWICE_A_MINUTE)
Observed = tuple[int, int, str, str, str, float | None, str, str]
"""sign, at, channel, name, status, value, unit, flag."""


def _template(variant: int) -> bytes:
    """Build a post of one bed at one minute."""
    moves = random.Random(variant)  # noqa: S311 - a course, no secret
    cells = [(sign, MINUTE) for sign in range(len(SIGNS))] + [(sign, HALF_BEFORE) for sign in TWICE_A_MINUTE]
    keys = [str(row) for row in range(len(cells))]
    values = [round(COURSES[sign][0] + abs(COURSES[sign][1]) * moves.uniform(-4, 4), 2) for sign, _at in cells]
    columns: dict[str, list[Any]] = {
        "idAtencion": [FIRST] * len(cells),
        "cama": [f"bed-{FIRST}"] * len(cells),
        "nomSigno": [SIGNS[sign].name for sign, _at in cells],
        "valor": values,
        "fecRegistro": [at for _sign, at in cells],
    }
    return orjson.dumps({name: dict(zip(keys, column, strict=True)) for name, column in columns.items()})


TEMPLATES = [_template(variant) for variant in range(VARIANTS)]


def body(bed: int, minute: int) -> bytes:
    """Return the post of a bed, from 0 on, at a minute since the epoch."""
    return (
        TEMPLATES[(bed * 7 + minute) % VARIANTS]
        .replace(str(FIRST).encode(), str(FIRST + bed).encode())
        .replace(MINUTE.encode(), _text(minute * 60))
        .replace(HALF_BEFORE.encode(), _text(minute * 60 - 30))
    )


def bodies_together(bed: int, minutes: Iterable[int]) -> bytes:
    """Return one post of a bed with the rows of several minutes."""
    parts = [orjson.loads(body(bed, minute)) for minute in minutes]
    columns: dict[str, Any] = {}
    for name in parts[0]:
        cells = [cell for part in parts for cell in part[name].values()]
        columns[name] = {str(row): cell for row, cell in enumerate(cells)}
    return orjson.dumps(columns)


def _text(seconds: int) -> bytes:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}".encode()


def history(end: int, minutes: int, step: int = 1) -> Iterator[Observed]:
    """Return what a bed's monitor sent in the minutes before `end`, a minute since the epoch; every `step` minutes."""
    for minute in range(end - minutes, end, step):
        rows = ObservationsSchema().load(orjson.loads(body(0, minute)))
        for own in rows.observations(UTC).posted:
            for each in own.observations:
                yield (*each.key, each.status, each.value, each.unit, each.flag)
