"""`fcv serve --reload`, for development."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import requests
from service import start, wait_until_live

from fcv_api.settings import ROOT

SECONDS = 90


def test_an_edited_file_is_served_without_a_restart(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for part in ("fcv_api", "deploy", "migrations", "models"):
        shutil.copytree(ROOT / part, checkout / part)
    shutil.copy(ROOT / "wsgi.py", checkout)
    service = start(tmp_path, ("--reload",), CHECKOUT=str(checkout))
    try:
        wait_until_live(service)
        source = checkout / "fcv_api" / "web" / "health.py"
        source.write_text(source.read_text().replace("Not a medical device.", "Edited."))
        deadline = time.monotonic() + SECONDS
        while "Edited." not in _note(service.url) and time.monotonic() < deadline:
            time.sleep(0.5)
            source.touch()  # the reloader may have looked for the first time after the edit
        assert "Edited." in _note(service.url)
    finally:
        service.master.terminate()
        service.master.wait(timeout=40)


def _note(url: str) -> str:
    try:
        return str(requests.get(f"{url}/home", timeout=5).json()["note"])
    except requests.ConnectionError:  # between the old worker and the new one
        return ""
