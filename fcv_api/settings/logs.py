"""The settings of the log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import ContainsOnly, Length, OneOf

from fcv_api.settings.checks import LARGEST_PORT

FORMATS = ("thesis", "json")
OUTPUTS = ("file", "stdout", "syslog")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How lines are written and where to. syslog: a socket's path, or ADDRESS:PORT by UDP."""

    log_format: str
    log_to: tuple[str, ...]
    syslog: str


def read_logs(env: Env) -> dict[str, Any]:
    """Read the settings of this group. Raises EnvError."""
    outputs = env.list("LOG_TO", ["file", "stdout"], validate=[Length(1), ContainsOnly(OUTPUTS)])
    return {
        "log_format": env.str("LOG_FORMAT", "thesis", validate=OneOf(FORMATS)),
        "log_to": tuple(dict.fromkeys(outputs)),
        "syslog": env.str("SYSLOG", "/dev/log", validate=check_syslog),
    }


def check_syslog(text: str) -> None:
    """Refuse a name: looking it up would keep a request waiting. Raises ValidationError."""
    host, _, port = text.rpartition(":")
    try:
        if text.startswith("/") or (
            ip_address(host.strip("[]")) and re.fullmatch(r"\d{1,5}", port) and 0 < int(port) <= LARGEST_PORT
        ):
            return
    except ValueError:
        pass
    raise ValidationError(f"{text!r} is neither a socket's path, such as /dev/log, nor ADDRESS:PORT with a number.")
