"""The documentation in a real browser: Chromium, as an engineer on the LAN would open it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from service import Service
from visits import CHROMIUM

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_browser_shows_every_call_and_the_button_to_sign_in(plain_service: Service, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(CHROMIUM), *QUIET, f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000", "--dump-dom",
         "--enable-logging=stderr", f"{plain_service.url}/docs"],
        capture_output=True, text=True, check=True, timeout=180,
    )  # fmt: skip
    page = done.stdout
    for path in ("/predict", "/auth/create_user", "/auth/token", "/auth/logout", "/home", "/health/ready", "/model"):
        assert f'data-path="{path}"' in page
    assert "Authorize" in page
    assert "Failed to load" not in page
    assert "Content Security Policy" not in done.stderr
