"""The settings of the listener for HL7 v2: off as long as no address is set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import Range

from fcv_api.settings.checks import LARGEST_PORT, SettingsError, optional_path
from fcv_api.settings.feed import FeedSettings

LARGEST_MESSAGE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Hl7Settings(FeedSettings):
    """Where gateways are listened to, and who they may be."""

    hl7_bind: str | None
    hl7_tls_cert: Path | None
    hl7_tls_key: Path | None
    hl7_tls_client_ca: Path | None
    hl7_max_bytes: int
    hl7_sources_file: Path | None
    allow_test_sources: bool


def read_hl7(env: Env) -> dict[str, Any]:
    """Read the settings of this group. Raises EnvError and SettingsError."""
    found = {
        "hl7_bind": env.str("HL7_BIND", "", validate=check_address) or None,
        **{f"hl7_tls_{name}": optional_path(env, f"HL7_TLS_{name.upper()}") for name in ("cert", "key", "client_ca")},
        "hl7_max_bytes": env.int("HL7_MAX_BYTES", 4 * 1024 * 1024, validate=Range(1024, LARGEST_MESSAGE)),
        "hl7_sources_file": optional_path(env, "HL7_SOURCES_FILE"),
        "allow_test_sources": env.bool("ALLOW_TEST_SOURCES", default=False),
    }
    if (found["hl7_tls_cert"] is None) != (found["hl7_tls_key"] is None):
        raise SettingsError("FCV_HL7_TLS_CERT and FCV_HL7_TLS_KEY must be set together.")
    if found["hl7_tls_client_ca"] and not found["hl7_tls_cert"]:
        raise SettingsError("FCV_HL7_TLS_CLIENT_CA needs FCV_HL7_TLS_CERT and FCV_HL7_TLS_KEY.")
    return found


def check_address(text: str) -> None:
    """Refuse what is no HOST:PORT, such as 127.0.0.1:2575 or [::1]:2575. Raises ValidationError."""
    found = re.fullmatch(r"(\[[^\]\s]+\]|[^:\s]+):(\d{1,5})", text)
    if text and not (found and 0 < int(found[2]) <= LARGEST_PORT):
        raise ValidationError(f"{text!r} is no HOST:PORT, such as 10.20.0.1:2575.")


def host_and_port(bind: str) -> tuple[str, int]:
    """Return both parts of a checked HOST:PORT."""
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Return whether nobody but this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
