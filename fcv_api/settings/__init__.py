"""Every setting, read once from the environment. A wrong one stops the start and is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from environs import Env, EnvError
from marshmallow.validate import OneOf, Range

from fcv_api.settings.checks import (
    Secret,
    SettingsError,
    check_bind,
    checked_secret,
    content,
    database_url,
    host_timezone,
    kept_secret,
    optional_path,
    plain_words,
    refuse_unknown,
    zone,
)
from fcv_api.settings.feed import read_feed
from fcv_api.settings.hl7 import read_hl7
from fcv_api.settings.ldap import check_ldap, read_ldap
from fcv_api.settings.logs import read_logs
from fcv_api.settings.metrics import MetricsSettings, read_metrics
from fcv_api.settings.origins import read_origins
from fcv_api.settings.ward import read_ward

__all__ = ["NAMES", "ROOT", "Secret", "Settings", "SettingsError"]

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: where `deploy/`, `migrations/` and `models/` lie."""

MODES = ("development", "production")
POLICIES = ("open", "admin", "closed")
LEDGER = ("required", "off")
AFFINITY = ("auto", "off")


@dataclass(frozen=True, slots=True)
class Settings(MetricsSettings):
    """All settings, by the names in docs/settings.md without `FCV_`."""

    env: str
    database_url: Secret
    jwt_secret: Secret
    jwt_secret_previous: Secret | None
    registration: str
    admin_username: str | None
    admin_password_file: Path | None
    models_dir: Path
    model: str | None
    allow_unvalidated_model: bool
    ledger: str
    ledger_days: int
    log_dir: Path
    timezone: tzinfo
    stale_minutes: int
    token_minutes: int
    max_body_mb: int
    max_encounters: int
    password_min_length: int
    workers: int
    threads: int
    cpu_affinity: str
    bind: str
    proxies: int
    cors_origins: tuple[str, ...]

    @property
    def production(self) -> bool:
        """Whether `FCV_ENV` is production."""
        return self.env == "production"

    @classmethod
    def from_environment(cls, dotenv: Path | None = ROOT / ".env") -> Settings:
        """Read the environment, and `dotenv` for what the environment does not say. Raises SettingsError."""
        env = Env(prefix="FCV_", eager=True)
        try:
            if dotenv is not None and dotenv.is_file():
                env.read_env(dotenv, recurse=False)
            refuse_unknown(NAMES)
            settings = cls(**_read(env))
        except EnvError as error:
            raise SettingsError(plain_words(error)) from None
        check_ldap(settings, production=settings.production, registration=settings.registration)
        if settings.production and settings.feed != "off":
            settings.pseudonym_key()  # so that a missing one stops the start
        return settings

    def pseudonym_key(self) -> Secret:
        """Return the site's key of pseudonyms. Development makes one. Raises SettingsError."""
        if self.pseudonym_key_file:
            variable = "FCV_PSEUDONYM_KEY_FILE"
            return checked_secret(variable, content(variable, self.pseudonym_key_file))
        if self.production:
            raise SettingsError(
                "FCV_PSEUDONYM_KEY_FILE must be set in production where FCV_FEED is not off: a file with 32 random "
                "characters or more, kept for ever and part of every backup."
            )
        return kept_secret(ROOT / "instance" / "pseudonym_key")


def _read(env: Env) -> dict[str, Any]:
    mode = env.str("ENV", "development", validate=OneOf(MODES))
    production = mode == "production"
    return {
        "env": mode,
        "database_url": _database_url(env),
        "jwt_secret": _jwt_secret(env, production=production),
        "jwt_secret_previous": _previous_secret(env),
        "registration": env.str("REGISTRATION", "admin" if production else "open", validate=OneOf(POLICIES)),
        "admin_username": env.str("ADMIN_USERNAME", None) or None,
        "admin_password_file": optional_path(env, "ADMIN_PASSWORD_FILE"),
        "models_dir": ROOT / env.path("MODELS_DIR", Path("models")),
        "model": env.str("MODEL", None) or None,
        "allow_unvalidated_model": env.bool("ALLOW_UNVALIDATED_MODEL", default=False),
        "ledger": env.str("LEDGER", "required", validate=OneOf(LEDGER)),
        "ledger_days": env.int("LEDGER_DAYS", 400, validate=Range(1, 36_500)),
        "log_dir": ROOT / env.path("LOG_DIR", Path("logs")),
        "timezone": _timezone(env, production=production),
        **read_logs(env),
        **read_feed(env, production=production),
        **read_ward(env, production=production),
        **(read_hl7(env) | read_ldap(env) | read_metrics(env)),
        "stale_minutes": env.int("STALE_MINUTES", 15 if production else 0, validate=Range(0, 24 * 60)),
        "token_minutes": env.int("TOKEN_MINUTES", 20, validate=Range(1, 24 * 60)),
        "max_body_mb": env.int("MAX_BODY_MB", 32, validate=Range(1, 1024)),
        "max_encounters": env.int("MAX_ENCOUNTERS", 1_000, validate=Range(1, 100_000)),
        "password_min_length": env.int("PASSWORD_MIN_LENGTH", 8, validate=Range(1, 72)),
        "workers": env.int("WORKERS", 2, validate=Range(1, 64)),
        "threads": env.int("THREADS", 4, validate=Range(1, 64)),
        "cpu_affinity": env.str("CPU_AFFINITY", "auto", validate=OneOf(AFFINITY)),
        "bind": env.str("BIND", "127.0.0.1:8000", validate=check_bind),
        "proxies": env.int("PROXIES", 0, validate=Range(0, 5)),
        "cors_origins": read_origins(env),
    }


FILES = ("database_url_file", "jwt_secret_file")
NAMES = tuple(f"FCV_{name.upper()}" for name in (*Settings.__dataclass_fields__, *FILES))


def _given_or_in_file(env: Env, name: str) -> tuple[str, str | None]:
    """Return what a setting says, or the file that its `_FILE` names; and which of the two said it."""
    given, file = env.str(name, None), optional_path(env, f"{name}_FILE")
    if given and file:
        raise SettingsError(f"FCV_{name} and FCV_{name}_FILE are both set; keep one.")
    if file:
        return f"FCV_{name}_FILE", content(f"FCV_{name}_FILE", file)
    return f"FCV_{name}", given


def _database_url(env: Env) -> Secret:
    variable, given = _given_or_in_file(env, "DATABASE_URL")
    return database_url(variable, "sqlite:///instance/fcv.db" if given is None else given, ROOT)


def _jwt_secret(env: Env, *, production: bool) -> Secret:
    variable, given = _given_or_in_file(env, "JWT_SECRET")
    if given or variable.endswith("_FILE"):
        return checked_secret(variable, given or "")
    if production:
        raise SettingsError(
            "FCV_JWT_SECRET or FCV_JWT_SECRET_FILE must be set in production: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))" makes one.'
        )
    return kept_secret(ROOT / "instance" / "jwt_secret")


def _previous_secret(env: Env) -> Secret | None:
    given = env.str("JWT_SECRET_PREVIOUS", None)
    return checked_secret("FCV_JWT_SECRET_PREVIOUS", given) if given else None


def _timezone(env: Env, *, production: bool) -> tzinfo:
    name = env.str("TIMEZONE", None)
    if name:
        return zone(name)
    if production:
        raise SettingsError(
            "FCV_TIMEZONE must be set in production, to the zone that the monitors' clocks show, "
            "such as America/Bogota: containers run in UTC and the beds do not."
        )
    return host_timezone()
