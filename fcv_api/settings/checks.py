"""The values of settings that take some checking: secrets, a database's URL, a time zone."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Sequence
from datetime import datetime, tzinfo
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from environs import Env, EnvError
from marshmallow import ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

LARGEST_PORT = 65_535
NEAR = 0.8
"""How alike two names are, from 0 to 1, of which one is a slip of the other."""
SECRET_BYTES = 32  # RFC 7518, 3.2: an HMAC key at least as long as the hash
POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg2")
"""How else a PostgreSQL's URL begins: in psql, in older services, in SQLAlchemy's examples."""
EXAMPLES = "sqlite:///instance/fcv.db or postgresql://fcv:PASSWORD@HOST/fcv"
PLACEHOLDERS = ("change", "secret", "example", "placeholder", "password")


class SettingsError(Exception):
    """A setting is wrong. The message names the variable and says what is wanted."""


class Secret(str):
    """Text that hides itself in `repr`, and so in logs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('...')"


def database_url(variable: str, text: str, root: Path) -> Secret:
    """Check a database's URL. A relative SQLite file lies under `root`, whoever opens it from where."""
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        raise SettingsError(f"{variable} is no URL of a database, such as {EXAMPLES}.") from None
    if url.drivername in POSTGRESQL:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise SettingsError(f"{variable}: {url.drivername} cannot be used; {EXAMPLES} can.")
    try:
        url.get_dialect().import_dbapi()
    except ImportError:
        raise SettingsError(
            f"{variable} names a PostgreSQL, and psycopg is not installed, or finds no libpq: "
            f"{sys.executable} -m pip install -c constraints.txt -e '.[postgres]'"
        ) from None
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise SettingsError(f"{variable} must name a file: each process would have a memory of its own.")
        if not str(url.database).startswith("file:"):  # SQLite's own URI
            url = url.set(database=str(root / str(url.database)))
    return Secret(url.render_as_string(hide_password=False))


def checked_secret(variable: str, secret: str) -> Secret:
    if len(secret.encode()) < SECRET_BYTES:
        raise SettingsError(f"{variable} has {len(secret.encode())} bytes; at least {SECRET_BYTES} are needed.")
    if any(word in secret.lower() for word in PLACEHOLDERS):
        raise SettingsError(f"{variable} looks like a placeholder; use random characters.")
    return Secret(secret)


def content(variable: str, file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(f"{variable}: cannot read {file}: {reason}.") from None


def kept_secret(file: Path) -> Secret:
    """Make development's secret once. Of two processes that start at one moment, the first one's counts."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = file.with_name(f"{file.name}.{os.getpid()}")
    if not file.exists():
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(48), "utf-8")
        try:
            os.link(made, file)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return checked_secret(str(file), content(str(file), file))


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f"FCV_TIMEZONE: {name!r} is not a time zone of this machine's tz database, such as America/Bogota."
        ) from None


def host_timezone() -> tzinfo:
    """Find the zone that this host's clock shows, with its rules where the host names it."""
    name = os.environ.get("TZ") or str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return datetime.now().astimezone().tzinfo or ZoneInfo("UTC")


def plain_words(error: EnvError) -> str:
    """Return what environs found as a sentence that begins with the variable."""
    name = re.search(r"FCV_\w+", str(error))
    reasons = getattr(error, "error_messages", None) or [str(error)]
    return f"{name[0] if name else 'A setting'}: {' '.join(map(str, reasons))}"


def check_bind(text: str) -> None:
    """Refuse what gunicorn cannot listen on. Raises ValidationError."""
    port = re.fullmatch(r"\S*[^:\s]:(\d{1,5})", text)
    if not (port and int(port[1]) <= LARGEST_PORT) and not re.fullmatch(r"unix:/\S+|fd://\d+", text):
        raise ValidationError(f"{text!r} is no HOST:PORT, unix:/PATH or fd://NUMBER.")


def optional_path(env: Env, name: str) -> Path | None:
    """Return the path that a setting gives; None for an empty one."""
    text = env.str(name, None)
    return Path(text) if text else None


def refuse_unknown(known: Sequence[str]) -> None:
    """Refuse a variable FCV_... that is no setting, and name the nearest one. Raises SettingsError."""
    unknown = sorted(name for name in os.environ if name.startswith("FCV_") and name not in known)
    if not unknown:
        return
    near = get_close_matches(unknown[0].upper(), known, 1, NEAR)
    meant = f"Is {near[0]} meant?" if near else f"The settings are: {', '.join(sorted(known))}."
    raise SettingsError(f"{unknown[0]} is not a setting. {meant}")
