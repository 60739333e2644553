"""What `security.log` tells of accounts after a backup was made."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fcv_api.security_log import FILE

ACTIVE = {"account-made": True, "account-enabled": True, "account-disabled": False}
CHANGED = "password-changed"


@dataclass(frozen=True, slots=True)
class LoggedChanges:
    """Accounts by number. disabled: at last; changed: whose password was changed since. files: how many were read."""

    disabled: frozenset[int]
    changed: frozenset[int]
    files: int


def read_events(log_dir: Path, since: datetime | None) -> LoggedChanges:
    """Read all that there is of the log, also what a rotation left. since: when the backup was made, if it tells."""
    files = sorted(log_dir.glob(f"{FILE}*"))
    active, changed = dict[int, bool](), set[int]()
    for at, event in sorted((each for file in files for each in _events(file)), key=_when):
        user = event["made"] if "made" in event else event.get("user")
        if not isinstance(user, int):
            continue
        if event["event"] in ACTIVE:
            active[user] = ACTIVE[event["event"]]
        if event["event"] == CHANGED and (since is None or at > since):
            changed.add(user)
    disabled = frozenset(user for user, is_active in active.items() if not is_active)
    return LoggedChanges(disabled, frozenset(changed), len(files))


def _events(file: Path) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Yield the lines of a file that tell of an account. One that was cut off tells nothing."""
    try:
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError):
        return
    for line in content.split(b"\n"):
        try:
            event = json.loads(line)
            if event["event"] in ACTIVE or event["event"] == CHANGED:
                yield datetime.fromisoformat(event["at"]), event
        except (ValueError, KeyError, TypeError):
            continue


def _when(each: tuple[datetime, dict[str, Any]]) -> datetime:
    return each[0]
