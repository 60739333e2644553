"""`fcv doctor`: each check beside a real cause, and what it says to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import pytest
from alembic import command
from click.testing import CliRunner
from conftest import BOTH_DATABASES, UNTRAINED, MakeSettings
from migrated import migrate
from recorded import PREDICTION, append

from fcv_api import accounts, activations
from fcv_api.accounts import Role
from fcv_api.activations import ModelCopy
from fcv_api.app import database_app
from fcv_api.cli import main
from fcv_api.cli.db import migrate_database
from fcv_api.cli.doctor import clock, disk, policy
from fcv_api.cli.doctor.finding import Place, Wanted
from fcv_api.cli.doctor.running import check_running
from fcv_api.extensions import db
from fcv_api.ledger import retention
from fcv_api.ledger.record import utc_text
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN, Registry
from fcv_api.settings import Settings

SECRET = "kept-from-every-eye-0123456789abcdef"
PASSWORD = "hidden-from-every-eye"
Examine = Callable[..., dict[str, list[dict[str, str]]]]


@pytest.fixture
def examine(settings: Settings) -> Examine:
    """Run `fcv doctor --json` and give its findings by check. It must end as its worst finding says."""
    assert settings

    def examine(*options: str) -> dict[str, list[dict[str, str]]]:
        result = CliRunner().invoke(main, ["doctor", "--json", "--stopped", *options], catch_exceptions=False)
        report: dict[str, Any] = json.loads(result.stdout)
        assert result.exit_code == (1 if report["status"] == "failed" else 0)
        found: dict[str, list[dict[str, str]]] = {}
        for each in report["checks"]:
            assert bool(each["advice"]) == (each["status"] != "ok"), each
            found.setdefault(each["check"], []).append(each)
        return found

    return examine


@pytest.fixture
def installed(settings: Settings) -> Settings:
    """Give a database with its tables and an admin."""
    migrate(settings)
    with database_app(settings).app_context():
        accounts.create_user("ana", "correct horse battery", role=Role.ADMIN, min_length=8)
        db.engine.dispose()
    return settings


def failed(findings: list[dict[str, str]]) -> str:
    return " ".join(each["detail"] for each in findings if each["status"] == "failed")


def warned(findings: list[dict[str, str]]) -> str:
    return " ".join(each["detail"] for each in findings if each["status"] == "warning")


@pytest.mark.usefixtures("installed")
@BOTH_DATABASES
def test_a_sound_installation_fails_nowhere(examine: Examine) -> None:
    found = examine()
    assert {each["status"] for check in found.values() for each in check} <= {"ok", "warning"}
    assert {"settings", "database", "migrations", "accounts", "model", "disk", "log", "secrets", "clock"} <= set(found)
    assert not any(each["status"] != "ok" for check in ("database", "migrations", "accounts") for each in found[check])


@pytest.mark.usefixtures("installed")
def test_it_reads_as_lines_with_what_to_do_below() -> None:
    lines = CliRunner().invoke(main, ["doctor", "--stopped"]).output.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("warning  workers"))
    assert lines[at + 1].strip().startswith("-> Start the service")


def test_a_setting_that_cannot_be_read_is_named_and_the_rest_goes_on(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FCV_WORKERS", "many")
    found = examine()
    assert "FCV_WORKERS" in failed(found["settings"])
    assert set(found) == {"settings", "clock"}


def test_it_prints_no_secret(make_settings: MakeSettings, tmp_path: Path) -> None:
    broken = f"postgresql+psycopg://fcv:{PASSWORD}@127.0.0.1:1/fcv"
    (tmp_path / "jwt").write_text(SECRET)
    make_settings(DATABASE_URL=broken, JWT_SECRET=SECRET)
    told = CliRunner().invoke(main, ["doctor", "--stopped"]).output
    os.environ["FCV_JWT_SECRET_FILE"] = str(tmp_path / "jwt")
    told += CliRunner().invoke(main, ["doctor", "--stopped"]).output
    del os.environ["FCV_JWT_SECRET_FILE"]
    assert "127.0.0.1" in told
    assert "keep one" in told
    assert (SECRET in told, PASSWORD in told) == (False, False)


def test_a_database_that_is_not_there_is_not_made(examine: Examine, tmp_path: Path) -> None:
    assert "There is no file" in failed(examine()["database"])
    assert not (tmp_path / "fcv.db").exists()


def test_where_the_file_is_away_it_is_put_back_before_an_empty_one_is_made(make_settings: MakeSettings) -> None:
    make_settings()
    told = CliRunner().invoke(main, ["doctor", "--stopped"]).output
    assert 0 < told.index("fcv db restore") < told.index("fcv db upgrade")


def test_a_file_that_is_no_database_is_told(examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "fcv.db").write_bytes(b"no database" * 1000)
    assert "not a database" in failed(examine()["database"])


def test_a_server_that_is_away_is_told_and_everything_else_is_looked_at(
    make_settings: MakeSettings, examine: Examine
) -> None:
    make_settings(DATABASE_URL="postgresql+psycopg://fcv@127.0.0.1:1/fcv")
    found = examine()
    assert "refused" in failed(found["database"])
    assert "the database does not say" in warned(found["model"])
    assert {"disk", "log", "secrets", "clock"} <= set(found)


def test_tables_of_an_older_version_are_told(
    examine: Examine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade
    with monkeypatch.context() as older:
        older.setattr(command, "upgrade", lambda config, _head: upgrade(config, "0002"))
        migrate_database(settings)
    assert "at 0002, and the code wants" in failed(examine()["migrations"])


@pytest.mark.usefixtures("installed")
def test_tables_of_a_newer_version_are_told(examine: Examine, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "fcv.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    (found,) = examine()["migrations"]
    assert "at 9999, which this code does not know" in found["detail"]
    assert (found["status"], "restore" in found["advice"]) == ("failed", False)


def test_a_database_without_tables_is_told(examine: Examine, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "fcv.db")) as connection, connection:
        connection.execute("CREATE TABLE todos (id INTEGER)")
    assert "no tables" in failed(examine()["migrations"])


@pytest.mark.usefixtures("installed")
def test_a_lock_that_nobody_gives_back_is_told(
    examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcv_api.extensions.BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(tmp_path / "fcv.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "cannot be written to: database is locked" in failed(examine()["database"])


def test_who_is_missing_to_make_accounts_is_told(examine: Examine, settings: Settings, make_settings: Any) -> None:
    migrate_database(settings)
    assert "Nobody can sign in" in warned(examine()["accounts"])
    with database_app(settings).app_context():
        accounts.create_user("ana", "correct horse battery", role=Role.CLIENT, min_length=8)
    make_settings(REGISTRATION="admin")
    assert "no active admin" in warned(examine()["accounts"])


@pytest.fixture
def own_models(tmp_path: Path, make_settings: MakeSettings, root: Path) -> Path:
    """Give a copy of the shipped models, to spoil."""
    shutil.copytree(root / "models", tmp_path / "models")
    make_settings(MODELS_DIR=str(tmp_path / "models"))
    return tmp_path / "models" / "fcv-sim" / "2.0.0"


@pytest.mark.usefixtures("installed")
def test_a_model_file_that_was_cut_off_is_told(examine: Examine, own_models: Path) -> None:
    whole = (own_models / "model.tflite").read_bytes()
    (own_models / "model.tflite").write_bytes(whole[:1000])
    assert "model.tflite: its sha256 is not the manifest's" in failed(examine()["model"])


@pytest.mark.usefixtures("installed")
def test_a_model_that_is_not_there_is_told(examine: Examine, make_settings: MakeSettings) -> None:
    make_settings(MODEL="absent/1.0.0")
    assert "No such file" in failed(examine()["model"])


def activated(settings: Settings) -> None:
    """Put the tests' untrained model in force."""
    folder = next(Path(UNTRAINED["MODELS_DIR"]).glob("fcv-untrained/*"))
    shutil.copytree(folder, settings.models_dir / "fcv-untrained" / folder.name)
    result = CliRunner().invoke(main, ["model", "activate", f"fcv-untrained/{folder.name}", "--reason", "test"])
    assert result.exit_code == 0, result.output


@pytest.mark.usefixtures("installed", "own_models")
def test_a_copy_on_disk_that_was_damaged_is_told_while_the_database_has_a_sound_one(
    examine: Examine, tmp_path: Path, make_settings: MakeSettings
) -> None:
    activated(make_settings(MODELS_DIR=str(tmp_path / "models")))
    assert "from the database: its" in examine()["model"][0]["detail"]
    (flatbuffer,) = (tmp_path / "models" / "fcv-untrained").glob("*/model.tflite")
    flatbuffer.write_bytes(flatbuffer.read_bytes()[:-1] + b"?")
    assert "folder on this host is damaged" in failed(examine()["model"])


@pytest.mark.usefixtures("installed", "own_models")
def test_a_damaged_copy_in_the_database_is_told(examine: Examine, tmp_path: Path, make_settings: MakeSettings) -> None:
    activated(make_settings(MODELS_DIR=str(tmp_path / "models")))
    with closing(sqlite3.connect(tmp_path / "fcv.db")) as connection, connection:
        connection.execute("UPDATE models SET flatbuffer = substr(flatbuffer, 1, 1000)")
    assert "The active model cannot be used" in failed(examine()["model"])


@pytest.mark.usefixtures("installed")
def test_production_is_told_of_a_model_without_patients_behind_it(
    examine: Examine, make_settings: MakeSettings
) -> None:
    make_settings(ENV="production")
    assert "production refuses it" in failed(examine()["model"])


def test_workers_that_did_not_take_a_model_up_or_differ_are_told(examine: Examine, installed: Settings) -> None:
    with database_app(installed).app_context():
        for pid, name, problem in ((1, "a", ""), (2, "b", "Activation failed: no room.")):
            activations.report(activations.Worker("icu1", pid, name, "1", name * 64, 0, problem))
    found = examine()["workers"]
    assert "icu1:2 goes on with b/1. Activation failed: no room." in failed(found)
    assert "different models: a/1 on icu1, b/1 on icu1" in warned(found)


def report_of(number: int, host: str, manifest: bytes) -> str:
    """Activate the shipped model under a manifest, let a worker report it, and return the manifest's sha256."""
    shipped = Registry(SHIPPED_IN).artifact(SHIPPED)
    hashed, flatbuffer_hash = sha256(manifest).hexdigest(), shipped.manifest.sha256
    copy = ModelCopy("fcv-sim", "2.0.0", flatbuffer_hash, hashed, manifest, shipped.flatbuffer)
    activation = activations.activate(copy, "eva", "test")
    activations.report(activations.Worker(host, number, "fcv-sim", "2.0.0", flatbuffer_hash, activation, ""))
    return hashed


def test_workers_of_one_model_under_two_manifests_differ(examine: Examine, installed: Settings) -> None:
    """The manifest says how a window is scaled: the same flatbuffer answers otherwise under another one."""
    written = Registry(SHIPPED_IN).artifact(SHIPPED).manifest.as_json()
    with database_app(installed).app_context():
        hashes = [report_of(pid, f"icu{pid}", written + b" " * pid) for pid in (1, 2)]
    told = warned(examine()["workers"])
    assert all(f"manifest {hashes[pid - 1][:8]}) on icu{pid}" in told for pid in (1, 2))


def test_workers_of_one_manifest_under_two_activations_are_well(examine: Examine, installed: Settings) -> None:
    written = Registry(SHIPPED_IN).artifact(SHIPPED).manifest.as_json()
    with database_app(installed).app_context():
        assert report_of(1, "icu1", written) == report_of(2, "icu2", written)
    assert [(each["status"], each["detail"]) for each in examine()["workers"]] == [("ok", "2 serve it.")]


def test_a_worker_that_is_pinned_is_a_warning_and_not_compared(examine: Examine, installed: Settings) -> None:
    with database_app(installed).app_context():
        for pid, name, problem in ((1, "a", ""), (2, "b", activations.PINNED)):
            activations.report(activations.Worker("icu1", pid, name, "1", name * 64, 0, problem))
    found = examine()["workers"]
    assert "icu1:2 goes on with b/1: it is pinned by FCV_MODEL." in warned(found)
    assert [each["detail"] for each in found if each["status"] == "ok"] == ["1 serve it."]


def test_the_disk_is_projected_as_the_record_counts_it(examine: Examine, installed: Settings) -> None:
    with database_app(installed).app_context():
        append([PREDICTION], 0.0)
    stated = json.loads(CliRunner().invoke(main, ["ledger", "stats", "--json"]).stdout)
    assert stated["records_a_day"] == 24
    assert f"takes {stated['projected_bytes'] / 1e6:,.1f} MB" in " ".join(each["detail"] for each in examine()["disk"])


def test_a_disk_that_is_almost_full_is_told(
    examine: Examine, installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thresholds are moved, and not the disk: this host's disk is the real one."""
    free = shutil.disk_usage(installed.log_dir.parent).free
    monkeypatch.setattr(disk, "LITTLE", free * 2)
    assert "are free for the database and the log" in warned(examine()["disk"])
    monkeypatch.setattr(disk, "LEAST", free * 2)
    assert "are free for the database and the log" in failed(examine()["disk"])


def test_a_record_that_will_outgrow_the_disk_is_told(
    examine: Examine, installed: Settings, make_settings: MakeSettings
) -> None:
    with database_app(installed).app_context():
        append([PREDICTION] * 300, 0.0)
    make_settings(LEDGER_DAYS="36500")
    assert shutil.disk_usage("/").free > 0
    told = [each for each in examine()["disk"] if "records a day" in each["detail"]]
    assert "At 7,200 records a day the record takes 1,103.8 GB in 36500 days" in told[0]["detail"]


def test_a_log_that_cannot_be_written_is_told(examine: Examine, settings: Settings) -> None:
    settings.log_dir.write_text("a file, and no folder")
    assert "is no folder" in failed(examine()["log"])


def test_a_log_that_strangers_may_read_is_told(examine: Examine, settings: Settings) -> None:
    settings.log_dir.mkdir()
    (settings.log_dir / "app.log").touch()
    (settings.log_dir / "app.log").chmod(0o644)
    assert "can be read by anyone" in warned(examine()["log"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_log_that_another_user_began_is_told(examine: Examine, settings: Settings) -> None:
    settings.log_dir.mkdir()
    (settings.log_dir / "app.log").touch(0o640)
    os.chown(settings.log_dir, 12345, 12345)
    assert "belongs to another user" in warned(examine()["log"])


def test_a_secret_that_strangers_may_read_is_told(
    examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jwt").write_text(SECRET)
    (tmp_path / "jwt").chmod(0o644)
    monkeypatch.delenv("FCV_JWT_SECRET")
    monkeypatch.setenv("FCV_JWT_SECRET_FILE", str(tmp_path / "jwt"))
    assert f"{tmp_path / 'jwt'} is open to every user of this host (mode 0644)" in warned(examine()["secrets"])
    (tmp_path / "jwt").chmod(0o640)
    assert str(tmp_path / "jwt") not in warned(examine()["secrets"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ENV": "development"}, "FCV_ENV is development"),
        ({"REGISTRATION": "open"}, "FCV_REGISTRATION is open"),
        ({"LEDGER": "off"}, "FCV_LEDGER is off"),
        ({"STALE_MINUTES": "0"}, "FCV_STALE_MINUTES is 0"),
        ({"PROXIES": "0"}, "all clients look like one address"),
        ({"BIND": "0.0.0.0:8000", "PROXIES": "0"}, "in plain HTTP"),
        ({"BIND": "10.0.0.5:8000"}, "past the proxy"),
    ],
    ids=lambda given: "" if isinstance(given, str) else " ".join(given),
)
def test_settings_that_a_ward_does_not_want_are_told(
    examine: Examine, make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], words: str
) -> None:
    monkeypatch.setattr(policy, "CONTAINER", ())
    make_settings(**({"ENV": "production", "PROXIES": "1"} | given))
    assert words in warned(examine()["settings"])


def test_settings_that_a_ward_wants_draw_no_warning(examine: Examine, make_settings: MakeSettings) -> None:
    make_settings(ENV="production", PROXIES="1")
    assert warned(examine()["settings"]) == ""


def test_a_clock_that_stands_before_the_installation_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Past(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime(1970, 1, 1, tzinfo=tz)

    monkeypatch.setattr(clock, "datetime", Past)
    assert "It shows 1970-01-01 00:00 UTC" in failed(examine()["clock"])


def test_records_from_the_future_are_told(examine: Examine, installed: Settings, tmp_path: Path) -> None:
    with database_app(installed).app_context():
        append([PREDICTION], 0.0)
    with closing(sqlite3.connect(tmp_path / "fcv.db")) as connection, connection:
        connection.execute("UPDATE predictions SET at = '2999-01-01T00:00:00.000000Z'")
    assert "The newest record is of 2999-01-01T00:00:00 UTC" in failed(examine()["clock"])


def test_a_clock_that_may_be_days_ahead_of_the_records_is_told(
    examine: Examine, installed: Settings, tmp_path: Path
) -> None:
    with database_app(installed).app_context():
        append([PREDICTION], 0.0)
    assert "newest record" not in warned(examine()["clock"])
    with closing(sqlite3.connect(tmp_path / "fcv.db")) as connection, connection:
        connection.execute("UPDATE predictions SET at = '2020-01-01T00:00:00.000000Z'")
    assert "The newest record is of 2020-01-01T00:00:00 UTC, " in warned(examine()["clock"])


def test_the_kernel_is_asked_as_timedatectl_asks_it() -> None:
    assert clock.is_synchronised() in (True, False)


@pytest.mark.usefixtures("installed")
def test_what_no_check_foresaw_is_a_finding_and_the_others_go_on(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:

    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(retention, "growth", broken)
    found = examine()
    assert "ZeroDivisionError" in failed(found["disk"])
    assert found["log"][0]["status"] == "ok"


@pytest.mark.usefixtures("installed")
def test_a_service_that_does_not_run_has_failed_unless_it_is_meant_to_be_down(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FCV_BIND", f"unix:{tmp_path / 'fcv.sock'}")
    assert "service" not in examine()
    told = CliRunner().invoke(main, ["doctor"])
    assert (told.exit_code, "No service answers on unix:" in told.output) == (1, True)


@pytest.mark.usefixtures("installed")
def test_windows_that_are_hours_old_are_a_wrong_time_zone_s(examine: Examine, settings: Settings) -> None:
    with database_app(settings).app_context():
        last = utc_text(datetime.now(UTC) - timedelta(hours=5))
        append([PREDICTION._replace(window_last=last)], perf_counter())
        db.engine.dispose()
    assert "are 5.0 hours old: the time zone is probably wrong" in warned(examine()["clock"])


@pytest.mark.usefixtures("installed")
def test_a_warning_is_an_error_where_that_is_wanted() -> None:
    told = CliRunner().invoke(main, ["doctor", "--stopped", "--warn-is-error"])
    assert (told.exit_code, "warning" in told.output, "failed" in told.output) == (1, True, False)


@pytest.mark.usefixtures("installed")
def test_one_line_and_an_exit_code_are_what_monitoring_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FCV_BIND", f"unix:{tmp_path / 'fcv.sock'}")
    told = CliRunner().invoke(main, ["check"])
    assert told.exit_code == 2
    assert re.fullmatch(r"FCV FAILED - .*service: No service answers.*\n", told.output)
    monkeypatch.setenv("FCV_TIMEZONE", "Nowhere/None")
    unknown = CliRunner().invoke(main, ["check"])
    assert (unknown.exit_code, unknown.output.startswith("FCV UNKNOWN - settings: FCV_TIMEZONE")) == (3, True)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ({"status": "ok", "checks": {"model": {"status": "ok", "detail": "x"}}}, "ok", "says that it is ready"),
        ({"checks": {"feed": {"status": "degraded", "detail": "Late."}}}, "warning", "It says of its feed: Late."),
        ({"checks": {"database": {"status": "failed", "detail": "Away."}}}, "failed", "of its database: Away."),
        ({"hello": "there"}, "failed", "Something else"),
    ],
)
def test_a_service_that_runs_is_asked_how_it_is(
    settings: Settings, tmp_path: Path, answer: dict[str, Any], status: str, told: str
) -> None:
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        Thread(target=server.handle_request).start()
        bound = replace(settings, bind=f"127.0.0.1:{server.server_port}")
        (found,) = check_running(Place(bound, Wanted(tmp_path)))
    assert (found.status, told in found.detail) == (status, True)
