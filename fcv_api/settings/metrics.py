"""The settings of what Prometheus reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environs import Env

from fcv_api.settings.checks import optional_path
from fcv_api.settings.hl7 import check_address
from fcv_api.settings.ldap import LdapSettings


@dataclass(frozen=True, slots=True)
class MetricsSettings(LdapSettings):
    """Where metrics are read, and which files' ages are among them."""

    metrics_bind: str | None
    feed_metrics_bind: str | None
    certificate_file: Path | None
    backup_dir: Path | None


def read_metrics(env: Env) -> dict[str, Any]:
    """Read the settings of this group. Raises EnvError."""
    return {
        "metrics_bind": env.str("METRICS_BIND", "127.0.0.1:9470", validate=check_address) or None,
        "feed_metrics_bind": env.str("FEED_METRICS_BIND", "127.0.0.1:9471", validate=check_address) or None,
        "certificate_file": optional_path(env, "CERTIFICATE_FILE"),
        "backup_dir": optional_path(env, "BACKUP_DIR"),
    }
