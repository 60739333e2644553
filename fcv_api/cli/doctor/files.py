"""`fcv doctor`: who owns and may read the log, the secrets and the database."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from fcv_api.cli.doctor.database import sqlite_file
from fcv_api.cli.doctor.finding import FAILED, OK, WARNING, Finding, Place
from fcv_api.settings import ROOT

MOUNTED = Path("/run/secrets")
"""Where containers are given their secrets, readable by whoever is in the container: nobody but the service."""

NAMING = (
    *("FCV_JWT_SECRET_FILE", "FCV_ADMIN_PASSWORD_FILE", "FCV_PSEUDONYM_KEY_FILE", "FCV_HL7_TLS_KEY"),
    "FCV_LDAP_BIND_PASSWORD_FILE",
)
KEPT = (ROOT / ".env", ROOT / "instance" / "jwt_secret", ROOT / "instance" / "pseudonym_key")


def check_log(place: Place) -> Iterator[Finding]:
    """See that app.log can be written, by its owner alone, and read by no stranger."""
    folder, file = place.settings.log_dir, place.settings.log_dir / "app.log"
    there = next((each for each in (file, folder, *folder.parents) if each.exists()), folder)
    if folder.exists() and not folder.is_dir():
        yield Finding("log", FAILED, f"{folder} is no folder.", "Correct FCV_LOG_DIR.")
    elif not os.access(there, os.W_OK):
        advice = f"Give it to the service's user: chown; or run this as that user (now {os.geteuid()})."
        yield Finding("log", FAILED, f"{there} cannot be written to.", advice)
    elif file.exists() and file.stat().st_uid != folder.stat().st_uid:
        advice = f"Give it to the folder's owner: chown --reference={folder} {file}"
        detail = f"{file} belongs to another user than {folder}: was the service started as another user once?"
        yield Finding("log", WARNING, detail, advice)
    elif file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o007:
        yield Finding("log", WARNING, f"{file} can be read by anyone on this host.", f"chmod 0640 {file}")
    else:
        yield Finding("log", OK, f"{file} can be written.")


def check_secrets(place: Place) -> Iterator[Finding]:
    """See that no stranger on this host may read a secret or the patients' record."""
    named = [os.environ.get(name) for name in NAMING]
    kept = [
        ROOT / ".env",
        *(ROOT / "instance" / each for each in ("jwt_secret", "pseudonym_key")),
        place.wanted.certificate.with_suffix(".key"),
    ]
    files = [*(Path(each) for each in named if each), *kept, sqlite_file(place.settings)]
    modes = {each: _mode(each) for each in files if each and MOUNTED not in each.parents}
    by_file = {each: mode for each, mode in modes.items() if mode is not None}
    open_to_all = {each: mode for each, mode in by_file.items() if mode & 0o007}
    for file, mode in open_to_all.items():
        advice = f"chmod o= {file}; and if strangers use this host, make a new secret."
        yield Finding("secrets", WARNING, f"{file} is open to every user of this host (mode {mode:04o}).", advice)
    if not open_to_all:
        yield Finding("secrets", OK, f"{len(by_file)} files with secrets are closed to other users of this host.")


def _mode(file: Path) -> int | None:
    """Return a file's mode; None where there is none, or where even this user may not look."""
    try:
        found = file.stat()
    except OSError:
        return None
    return stat.S_IMODE(found.st_mode) if stat.S_ISREG(found.st_mode) else None
