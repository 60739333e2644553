"""`fcv doctor`: how old the newest backup is, and when one was proven by `fcv db restore --check`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from fcv_api.cli.backup_folder import backups, last_check, made_at
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place

OLD, LONG_UNPROVEN = timedelta(hours=36), timedelta(days=8)
MAKE = "Enable fcv-backup.timer, or run `fcv db backup --keep 14` each night."
PROVE = "Run `fcv db restore --check`."


def check_backup(place: Place) -> Iterator[Finding]:
    """Look at the folder of backups, where one is named."""
    folder = place.settings.backup_dir
    if folder is None:
        yield Finding("backup", OK, "FCV_BACKUP_DIR is not set: whether there are backups was not looked at.")
        return
    found = backups(folder) if folder.is_dir() else []
    if not found:
        yield Finding("backup", FAILED, f"{folder} holds no backup of `fcv db backup`.", MAKE)
        return
    now = datetime.now(UTC)
    age = now - made_at(found[0])
    words = f"The newest, {found[0].name}, is {age / timedelta(hours=1):,.0f} hours old"
    checked = last_check(folder)
    if checked and checked.problem:
        yield Finding("backup", FAILED, f"{words}. {checked.file} is not proven: {checked.problem}", PROVE)
    elif age > OLD:
        yield Finding("backup", WARNING, f"{words}.", MAKE)
    elif checked is None or now - checked.at > LONG_UNPROVEN:
        yield Finding("backup", WARNING, f"{words}, and none was proven in the last 8 days.", PROVE)
    else:
        yield Finding("backup", OK, f"{words}; {checked.file} was proven on {checked.at:%Y-%m-%d %H:%M} UTC.")
