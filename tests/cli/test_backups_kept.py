"""Backups that happen: into a folder, with retention, and proven on a scratch copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import psycopg
import pytest
from click.testing import CliRunner, Result
from conftest import BOTH_DATABASES
from recorded import PREDICTION, append
from sqlalchemy import text

from fcv_api.cli import main
from fcv_api.cli.backup_folder import Checked, backups, last_check, name_of, outdated, write_check
from fcv_api.cli.doctor.backup import check_backup
from fcv_api.cli.doctor.finding import Place, Wanted
from fcv_api.extensions import write_transaction
from fcv_api.settings import Settings

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)


def fcv(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["db", *map(str, words)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "backups"
    monkeypatch.setenv("FCV_BACKUP_DIR", str(place))
    return place


@pytest.fixture
def filled(folder: Path) -> Path:
    """Give a folder with backups of four nights, and files of others."""
    folder.mkdir()
    for nights in range(4):
        (folder / name_of(NOW - timedelta(days=nights), dump=nights == 2)).touch()
    for other in ("fcv-backup-20200101T000000Z.db.unfinished", "mine-20200101.db", "fcv-backup-2020.db"):
        (folder / other).touch()
    (folder / "fcv-backup-20200101T000000Z.db").mkdir()
    (folder / "fcv-backup-20200102T000000Z.db").symlink_to(folder / "mine-20200101.db")
    return folder


@pytest.mark.parametrize(
    ("keep", "days", "deleted"), [(2, None, 2), (1, None, 3), (None, 2, 1), (9, None, 0), (3, 1, 2)]
)
def test_retention_deletes_only_older_whole_backups_of_its_own(
    filled: Path, keep: int | None, days: int | None, deleted: int
) -> None:
    assert list(outdated(filled, NOW, keep, days)) == backups(filled)[4 - deleted :]


def test_the_newest_backup_is_never_deleted_however_old(filled: Path) -> None:
    left = set(backups(filled)) - set(outdated(filled, NOW + timedelta(days=999), 1, 1))
    assert left == {filled / name_of(NOW, dump=False)}


def tables(settings: Settings) -> list[tuple[object, ...]]:
    with write_transaction() as session:
        rows = session.execute(text("SELECT seq, hash FROM predictions ORDER BY seq")).all()
        users = session.execute(text("SELECT id, token_generation FROM users ORDER BY id")).all()
    assert settings
    return [tuple(row) for row in (*rows, *users)]


@BOTH_DATABASES
@pytest.mark.usefixtures("empty_database")
def test_a_backup_is_made_kept_and_proven_and_the_live_database_is_as_it_was(settings: Settings, folder: Path) -> None:
    append([PREDICTION] * 5, perf_counter())
    (folder).mkdir()
    old = folder / name_of(NOW - timedelta(days=9), dump=False)
    old.touch()
    before = tables(settings)
    made = fcv("backup", "--keep", "1")
    assert made.exit_code == 0, made.output
    (file,) = backups(folder)
    assert (file != old, file.stat().st_mode & 0o777) == (True, 0o600)
    checked = fcv("restore", "--check")
    assert checked.exit_code == 0, checked.output
    assert "is proven: 0 accounts, 5 records, whole." in checked.output
    found = last_check(folder)
    assert found is not None
    assert (found.file, found.problem) == (file.name, "")
    assert {each.name for each in folder.iterdir()} == {file.name, ".last-check.json"}
    assert tables(settings) == before
    assert scratch_databases(settings) == []


def scratch_databases(settings: Settings) -> list[str]:
    url = str.__str__(settings.database_url).replace("+psycopg", "")
    if url.startswith("sqlite"):
        return []
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'fcv_check_%'").fetchall()
    return [str(name) for (name,) in rows]


@BOTH_DATABASES
@pytest.mark.usefixtures("empty_database")
def test_a_backup_of_a_changed_record_is_not_proven(settings: Settings, folder: Path) -> None:
    append([PREDICTION] * 3, perf_counter())
    with write_transaction() as session:
        session.execute(text("UPDATE predictions SET state = 'none' WHERE seq = 2"))
    fcv("backup")
    checked = fcv("restore", "--check")
    assert (checked.exit_code, "NOT proven. Record 2" in checked.output) == (1, True), checked.output
    found = last_check(folder)
    assert found is not None
    assert found.problem.startswith("Record 2")
    assert scratch_databases(settings) == []


@pytest.mark.usefixtures("empty_database")
def test_a_file_that_is_cut_off_or_no_backup_is_not_proven(folder: Path) -> None:
    append([PREDICTION] * 30, perf_counter())
    assert fcv("backup").exit_code == 0
    (whole,) = backups(folder)
    cut, other = folder / "cut.db", folder / "other.db"
    cut.write_bytes(whole.read_bytes()[:50_000])
    other.write_text("no backup")
    for each in (cut, other):
        found = fcv("restore", "--check", each)
        assert (found.exit_code, "is NOT proven" in found.output) == (1, True), found.output
    assert fcv("restore", "--check", "--yes").exit_code == 2


def test_without_a_folder_or_a_backup_a_sentence_says_so(settings: Settings, tmp_path: Path) -> None:
    assert settings
    assert "set FCV_BACKUP_DIR" in fcv("backup").output
    assert "set FCV_BACKUP_DIR" in fcv("restore", "--check").output
    assert fcv("backup", tmp_path / "a.db", "--keep", "2").exit_code == 2


@pytest.mark.parametrize(
    ("hours", "checked", "told"),
    [
        (None, None, ("failed", "holds no backup")),
        (2, None, ("warning", "none was proven")),
        (2, Checked("b.db", datetime.now(UTC)), ("ok", "b.db was proven on")),
        (2, Checked("b.db", datetime.now(UTC), "Record 2 was changed."), ("failed", "Record 2")),
        (2, Checked("b.db", datetime.now(UTC) - timedelta(days=9)), ("warning", "none was proven")),
        (72, Checked("b.db", datetime.now(UTC)), ("warning", "72 hours old")),
    ],
)
def test_the_doctor_says_how_old_the_newest_is_and_when_one_was_proven(
    folder: Path, settings: Settings, hours: int | None, checked: Checked | None, told: tuple[str, str]
) -> None:
    folder.mkdir()
    if hours:
        (folder / name_of(datetime.now(UTC) - timedelta(hours=hours), dump=True)).touch()
    if checked:
        write_check(folder, checked)
    place = Place(replace(settings, backup_dir=folder), Wanted(folder))
    (found,) = check_backup(place)
    assert (found.status, told[1] in found.detail) == (told[0], True), found
