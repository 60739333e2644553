"""From rows to a scaled window by the code of this service: its checks, its window, its scaling."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from fcv_api.domain.window import Matrix, WindowSpec, extract_window
from fcv_api.wire.encounter import EncounterSchema

SCHEMA, SPEC = EncounterSchema(), WindowSpec()


def scaled_window(columns: dict[str, Any]) -> Matrix:
    """Give the last 20 instants, (20, 9), each sign scaled over them. columns: the body's, by row key."""
    window = extract_window(SCHEMA.load(columns).read(UTC), SPEC)
    return SPEC.scale(window.raw)
