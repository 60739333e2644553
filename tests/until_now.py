"""Rows for the memory of beds that are of now, for what scores by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fcv_api.wire.example import example_request


def rows_until_now() -> dict[str, Any]:
    """Return a window of encounter 5501 that ends a minute before the slot that is due."""
    request = example_request()
    newest = max(map(datetime.fromisoformat, request["fecRegistro"].values()))
    length = timedelta(minutes=5).total_seconds()
    end = datetime.fromtimestamp((datetime.now(UTC).timestamp() - 30) // length * length, UTC)
    times = {row: f"{end - (newest - datetime.fromisoformat(at))}" for row, at in request["fecRegistro"].items()}
    return request | {
        "idAtencion": dict.fromkeys(times, 5501),
        "cama": dict.fromkeys(times, "B1"),
        "fecRegistro": times,
    }
