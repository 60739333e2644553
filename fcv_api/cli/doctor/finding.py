"""What a check found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fcv_api.settings import Settings

OK, WARNING, FAILED = "ok", "warning", "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. advice: one sentence on what to do; empty where all is well."""

    check: str
    status: str
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was asked to look at beside the settings. stopped: the service is meant to be down."""

    certificate: Path
    url: str | None = None
    authority: Path | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Settings that could be read, and what was asked for."""

    settings: Settings
    wanted: Wanted


def worst(findings: list[Finding]) -> str:
    """Return the worst status of some findings."""
    found = {finding.status for finding in findings}
    return next((status for status in (FAILED, WARNING) if status in found), OK)


def reason_of(error: Exception) -> str:
    """Return in one line what a database or the system said. Never the statement, whose values may be a patient's."""
    reason = str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error) or type(error).__name__
    where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    return where + " ".join(reason.split("\n\n")[0].split()).rstrip(".")
