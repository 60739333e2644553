"""Values that a monitor sends again and again without a time of their own: only a change of them is an observation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fcv_api.domain.observations import Observation
from fcv_api.extensions.cursors import run

BEFORE = """SELECT value FROM observations WHERE encounter = ? AND sign = ? AND source = ? AND channel = ? AND name = ?
    AND at <= ? ORDER BY at DESC LIMIT 1"""


def changed(cursor: Any, encounter: int, source: str, repeated: Sequence[Observation]) -> list[Observation]:  # noqa: ANN401
    """Return those whose value is another than the one that is held of the same channel before; deletions always."""
    found = []
    for each in repeated:
        key = each.key
        row = run(cursor, BEFORE, encounter, key.sign, source, key.channel, key.name, key.at).fetchone()
        if row is None or each.value is None or row[0] != each.value:
            found.append(each)
    return found
