"""The cells of a validation's tables."""

from __future__ import annotations

from typing import Any

from fcv_api.lstm.attest import FEW_EVENTS
from fcv_api.training.tables import with_interval

Members = dict[str, Any]
CANNOT = "cannot be answered"


def words(name: str) -> str:
    """Return a member's name as words."""
    return "mean of the three" if name == "ill" else name.replace("_", " ")


def counted(report: Members, state: str) -> str:
    """Return a state with how few events its figures rest on, where they are under 100."""
    count = report["events"].get(state)
    few = count is not None and count < FEW_EVENTS
    return f"{words(state)} ({count} events)" if few else words(state)


def bounded(own: Members, key: str) -> str:
    """Return a figure of calibration with its interval."""
    low, high = own["intervals"][key]
    return with_interval({"value": own[key], "low": low, "high": high})
