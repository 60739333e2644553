"""The settings of the memory of beds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environs import Env
from marshmallow.validate import OneOf, Range

from fcv_api.settings.checks import optional_path
from fcv_api.settings.logs import LogSettings

FEED = ("off", "on", "child")


@dataclass(frozen=True, slots=True)
class FeedSettings(LogSettings):
    """Whether observations are kept and scored, for how long, and how soon after a slot."""

    feed: str
    observation_hours: int
    settle_seconds: int
    pseudonym_key_file: Path | None


def read_feed(env: Env, *, production: bool) -> dict[str, Any]:
    """Read the settings of this group. Raises EnvError."""
    return {
        "feed": env.str("FEED", "off" if production else "child", validate=OneOf(FEED)),
        "observation_hours": env.int("OBSERVATION_HOURS", 12, validate=Range(12, 24 * 31)),
        "settle_seconds": env.int("SETTLE_SECONDS", 30, validate=Range(0, 240)),
        "pseudonym_key_file": optional_path(env, "PSEUDONYM_KEY_FILE"),
    }
