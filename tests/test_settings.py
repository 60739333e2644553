"""Settings: each fails at the start by its name, and none is a default that is not safe on a ward."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fcv_api import settings as module
from fcv_api.app import create_app
from fcv_api.domain.errors import NoModel
from fcv_api.settings import ROOT, Settings, SettingsError

SECRET = "0123456789abcdef" * 4
WARD = {"ENV": "production", "JWT_SECRET": SECRET, "TIMEZONE": "America/Bogota"}
Read = Callable[..., Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Read settings from nothing but what is given, in a checkout of the test's own."""
    for name in [name for name in os.environ if name.startswith("FCV_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(module, "ROOT", tmp_path)

    def from_given(dotenv: Path | None = None, **given: str) -> Settings:
        for name, value in given.items():
            monkeypatch.setenv(f"FCV_{name}", value)
        return Settings.from_environment(dotenv)

    return from_given


WRONG = {
    "ENV": ("", "staging", "Production"),
    "REGISTRATION": ("", "anyone", "OPEN"),
    "TOKEN_MINUTES": ("", "0", "-1", "soon", "1441", "1.5"),
    "MAX_BODY_MB": ("", "0", "1025", "32MB"),
    "MAX_ENCOUNTERS": ("", "0", "100001", "many"),
    "PASSWORD_MIN_LENGTH": ("", "0", "73", "eight"),
    "WORKERS": ("", "0", "65", "many"),
    "THREADS": ("", "0", "65", "many"),
    "PROXIES": ("", "-1", "6", "nginx"),
    "CORS_ORIGINS": (
        *("*", "https://board.lan,*", "https://*.lan", "null", "board.lan", "ftp://board.lan", "https://"),
        *("https://board.lan/", "https://board.lan/page", "https://ana@board.lan", "https://board.lan:0"),
        *("https://board.lan:443", "http://board.lan:80", "https://board.lan:65536", "HTTPS://board.lan"),
        *("https://Board.lan", "https://board.lan https://wall.lan", "https://böard.lan"),
    ),
    "WARD_FRAME_ANCESTORS": (
        "",
        "*",
        "https://a.lan; script-src *",
        "'unsafe-inline'",
        "'none' 'self'",
        "https://*.lan",
    ),
    "ALLOW_UNVALIDATED_MODEL": ("", "perhaps", "2"),
    "TIMEZONE": ("Mars/Olympus", "../../etc/passwd", "America", "/etc/localtime", "UTC-5"),
    "DATABASE_URL": (
        "nonsense",
        "",
        "mysql://db/fcv",
        "postgresql+asyncpg://db/fcv",
        "oracle://db/fcv",
        "sqlite//x",
        "postgresql://fcv@db:port/fcv",
    ),
    "DATABASE_URL_FILE": ("/nowhere/url", "/", "/dev/null"),
    "JWT_SECRET": ("short", "x" * 31, "change-me-" * 5, "my-secret-key-of-32-bytes-or-more", "EXAMPLE" * 6),
    "JWT_SECRET_PREVIOUS": ("short", "x" * 31, "placeholder" * 4),
    "FEED": ("", "yes", "ON"),
    "OBSERVATION_HOURS": ("", "11", "745", "long"),
    "SETTLE_SECONDS": ("", "-1", "241", "soon"),
    "JWT_SECRET_FILE": ("/nowhere/secret", "/", "/dev/null"),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_setting_is_named(read: Read, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"\bFCV_{name}\b"):
        read(**{name: value})


@pytest.mark.parametrize("model", ["nobody", "../x", "fcv-sim/9.9.9"])
def test_a_model_that_is_not_there_is_named_at_the_start(read: Read, model: str) -> None:
    with pytest.raises((SettingsError, NoModel), match=r"\bFCV_MODEL\b"):
        create_app(read(MODELS_DIR=str(ROOT / "models"), MODEL=model))


@pytest.mark.parametrize(
    ("given", "file"),
    [("sqlite:///instance/own.db", "{root}/instance/own.db"), ("sqlite:////srv/fcv.db", "/srv/fcv.db")],
)
def test_a_relative_database_lies_in_the_checkout(read: Read, tmp_path: Path, given: str, file: str) -> None:
    assert str.__str__(read(DATABASE_URL=given).database_url) == f"sqlite:///{file.format(root=tmp_path)}"


@pytest.mark.parametrize("given", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"])
def test_a_postgresql_is_reached_by_psycopg_3_however_its_url_begins(read: Read, given: str) -> None:
    url = str.__str__(read(DATABASE_URL=f"{given}://fcv:p%40ss@db/fcv?sslmode=require").database_url)
    assert url == "postgresql+psycopg://fcv:p%40ss@db/fcv?sslmode=require"


def test_a_missing_psycopg_is_told_in_a_sentence_with_the_command_that_installs_it(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"^FCV_DATABASE_URL .*psycopg is not installed.* pip install .*postgres"):
        read(DATABASE_URL="postgresql://fcv@db/fcv")


def test_production_does_not_serve_a_model_without_real_patients_behind_it(read: Read) -> None:
    models = {"MODELS_DIR": str(ROOT / "models")}
    with pytest.raises(SettingsError, match="FCV_ALLOW_UNVALIDATED_MODEL"):
        create_app(read(**WARD, **models))
    create_app(read(ALLOW_UNVALIDATED_MODEL="1"))


@pytest.mark.parametrize("name", ["FCV_TYPO", "FCV_"])
def test_a_name_that_is_no_setting_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsError, match=f"{name} is not a setting.*FCV_JWT_SECRET, FCV_JWT_SECRET_FILE"):
        read()


@pytest.mark.parametrize("name", ["FCV_JWT_SECRETS", "FCV_jwt_secret", "FCV_JWT_SECERT"])
def test_a_slip_in_a_setting_s_name_is_answered_with_the_nearest(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsError, match=f"{name} is not a setting. Is FCV_JWT_SECRET meant"):
        read()


@pytest.mark.parametrize("missing", ["JWT_SECRET", "TIMEZONE"])
def test_production_does_not_start_without(read: Read, missing: str) -> None:
    with pytest.raises(SettingsError, match=f"FCV_{missing}.* must be set in production"):
        read(**{name: value for name, value in WARD.items() if name != missing})


def test_the_defaults_of_development(read: Read, tmp_path: Path) -> None:
    settings = read()
    assert (settings.env, settings.production, settings.registration) == ("development", False, "open")
    assert settings.stale_minutes == 0
    assert str.__str__(settings.database_url) == f"sqlite:///{tmp_path / 'instance' / 'fcv.db'}"
    assert (settings.models_dir, settings.model) == (tmp_path / "models", None)
    assert (settings.log_dir, settings.bind, settings.proxies) == (tmp_path / "logs", "127.0.0.1:8000", 0)
    assert (settings.token_minutes, settings.max_body_mb, settings.password_min_length) == (20, 32, 8)
    assert settings.max_encounters == 1000
    assert (settings.workers, settings.threads, settings.allow_unvalidated_model) == (2, 4, False)
    assert (settings.jwt_secret_previous, settings.admin_username, settings.admin_password_file) == (None, None, None)


def test_the_defaults_of_production(read: Read) -> None:
    settings = read(**WARD)
    assert (settings.production, settings.registration, settings.allow_unvalidated_model) == (True, "admin", False)
    assert settings.stale_minutes == 15
    assert settings.timezone == ZoneInfo("America/Bogota")
    assert (settings.token_minutes, settings.bind, settings.proxies) == (20, "127.0.0.1:8000", 0)


def test_the_feed_is_on_in_development_and_off_in_production(read: Read) -> None:
    settings = read()
    assert (settings.feed, settings.observation_hours, settings.settle_seconds) == ("child", 12, 30)
    assert read(**WARD).feed == "off"


@pytest.mark.parametrize("feed", ["on", "child"])
def test_a_feed_in_production_needs_a_key_of_pseudonyms(read: Read, tmp_path: Path, feed: str) -> None:
    with pytest.raises(SettingsError, match="FCV_PSEUDONYM_KEY_FILE must be set in production"):
        read(**WARD, FEED=feed)
    (tmp_path / "key").write_text("short", "utf-8")
    with pytest.raises(SettingsError, match="FCV_PSEUDONYM_KEY_FILE has 5 bytes"):
        read(PSEUDONYM_KEY_FILE=str(tmp_path / "key"))
    (tmp_path / "key").write_text(f"{SECRET}\n", "utf-8")
    assert str.__str__(read().pseudonym_key()) == SECRET


def test_development_makes_a_key_of_pseudonyms_once_when_it_is_needed(read: Read, tmp_path: Path) -> None:
    settings, file = read(), tmp_path / "instance" / "pseudonym_key"
    assert not file.exists()
    assert settings.pseudonym_key() == settings.pseudonym_key()
    assert file.stat().st_mode & 0o777 == 0o600


def test_development_reads_the_hosts_clock(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    assert read().timezone == ZoneInfo("Asia/Kathmandu")


def test_secrets_hide_themselves(read: Read) -> None:
    url = "postgresql+psycopg://fcv:hunter2@db/fcv"
    settings = read(JWT_SECRET=SECRET, JWT_SECRET_PREVIOUS="f" * 32, DATABASE_URL=url, TIMEZONE="UTC")
    shown = f"{settings!r} {settings} {[settings.jwt_secret]}"
    assert not any(each in shown for each in (SECRET, "hunter2", "f" * 32))
    assert "Secret('...')" in shown
    assert (str.__str__(settings.jwt_secret), str.__str__(settings.database_url)) == (SECRET, url)


@pytest.mark.parametrize("secret", ["short", "change-me-" * 5])
def test_a_refused_secret_is_not_shown(read: Read, secret: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(JWT_SECRET=secret)
    assert secret not in str(caught.value)


def test_a_secret_may_lie_in_a_file(read: Read, tmp_path: Path) -> None:
    (tmp_path / "jwt").write_text(f"{SECRET}\n", "utf-8")
    assert str.__str__(read(JWT_SECRET_FILE=str(tmp_path / "jwt")).jwt_secret) == SECRET


@pytest.mark.parametrize("content", [b"short\n", b"\xff" * 40, b"", b"change-me-" * 5])
def test_a_secrets_file_is_checked_too(read: Read, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "jwt").write_bytes(content)
    with pytest.raises(SettingsError, match="FCV_JWT_SECRET_FILE"):
        read(JWT_SECRET_FILE=str(tmp_path / "jwt"))


@pytest.mark.parametrize(("name", "given"), [("JWT_SECRET", SECRET), ("DATABASE_URL", "sqlite:////srv/fcv.db")])
def test_a_value_and_a_file_of_it_are_one_too_many(read: Read, name: str, given: str) -> None:
    with pytest.raises(SettingsError, match=f"FCV_{name} and FCV_{name}_FILE are both set"):
        read(**{name: given, f"{name}_FILE": "/dev/null"})


def test_a_databases_url_may_lie_in_a_file(read: Read, tmp_path: Path) -> None:
    url = "postgresql+psycopg://fcv:hunter2@db/fcv"
    (tmp_path / "url").write_text(f"{url}\n", "utf-8")
    assert str.__str__(read(DATABASE_URL_FILE=str(tmp_path / "url")).database_url) == url


def test_a_dotenv_says_what_the_environment_does_not(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FCV_WORKERS", "FCV_THREADS"):  # reading the file sets them: let them be taken back
        monkeypatch.setenv(name, "1")
        monkeypatch.delenv(name)
    (tmp_path / ".env").write_text("FCV_WORKERS=7\nFCV_THREADS=7\n", "utf-8")
    settings = read(tmp_path / ".env", THREADS="9")
    assert (settings.workers, settings.threads) == (7, 9)


def test_sites_that_may_frame_a_page_are_named_one_by_one(read: Read) -> None:
    assert read().ward_frame_ancestors == "'none'"
    assert read(WARD_FRAME_ANCESTORS=" 'self'  https://a.lan:8443 ").ward_frame_ancestors == "'self' https://a.lan:8443"
