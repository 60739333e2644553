"""The setting that names pages of other sites which may call the API from a browser."""

from __future__ import annotations

import re

from environs import Env
from marshmallow import ValidationError

HOST = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]"
ORIGIN = re.compile(rf"(?P<scheme>https?)://(?:{HOST})(?::(?P<port>[1-9]\d{{0,4}}))?")
LEFT_OUT = {"http": "80", "https": "443"}
"""Ports that no browser writes into an origin."""
LARGEST_PORT = 65_535


def read_origins(env: Env) -> tuple[str, ...]:
    """Read the setting. Raises EnvError."""
    return tuple(_listed(env.str("CORS_ORIGINS", "", validate=check_origins)))


def _listed(text: str) -> list[str]:
    return [each for part in text.split(",") if (each := part.strip())]


def check_origins(text: str) -> None:
    """Refuse what is no list of origins as browsers write them: any other would never match. Raises ValidationError."""
    for each in _listed(text):
        if "*" in each:
            raise ValidationError(f"{each} would let pages of any site ask. Name each one, as https://board.lan.")
        found = ORIGIN.fullmatch(each)
        if not found or int(found["port"] or 1) > LARGEST_PORT:
            raise ValidationError(f"{each!r} is no origin such as https://board.lan or http://10.1.2.3:8080.")
        if found["port"] == LEFT_OUT[found["scheme"]]:
            raise ValidationError(f"{each}: browsers leave :{found['port']} out here. Leave it out, too.")
