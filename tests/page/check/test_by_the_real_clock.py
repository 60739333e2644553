"""What ends for good: a service and a feed that are killed, with nobody's clock moved on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measured import Figures, Real
from playwright.sync_api import Browser, Page, expect
from service import Service, running
from visits import Size, scores, sign_in, ward_in

from fcv_api.settings import ROOT

pytest_plugins = ["openings", "sixty"]

LONGEST = 90.0


@contextmanager
def looking(browser: Browser, service: Service) -> Iterator[Page]:
    """Sign in at a service and look at its beds."""
    with browser.new_context(locale="es-CO") as window:
        page = window.new_page()
        sign_in(page, service.url, "eva")
        expect(page.locator(".tile").first).to_be_visible()
        yield page


@contextmanager
def feeding(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """Run what scores the beds, as a unit of its own does."""
    command = [sys.executable, "-m", "fcv_api.cli", "feed", "run"]
    with subprocess.Popen(command, env=service.environment, cwd=ROOT, stdout=subprocess.DEVNULL) as feed:
        try:
            yield feed
        finally:
            feed.kill()


@contextmanager
def served_ward(folder: Path) -> Iterator[Service]:
    """Serve 12 beds by `fcv serve`."""
    own = scores(folder)
    with ward_in(folder, Size(hours=2), own):
        pass
    with running(folder, **own) as service:
        yield service


def seconds_until(page: Page, selector: str, words: str) -> float:
    """Return how long it takes until a page says something."""
    began = time.monotonic()
    expect(page.locator(selector)).to_be_visible(timeout=LONGEST * 1000)  # a hidden text is in the page, too
    expect(page.locator(selector)).to_contain_text(words, use_inner_text=True, timeout=LONGEST * 1000)
    return time.monotonic() - began


def test_a_feed_that_was_killed_is_said_within_90_seconds(browser: Browser, tmp_path: Path, figures: Figures) -> None:
    with served_ward(tmp_path) as service, feeding(service) as feed, looking(browser, service) as page:
        time.sleep(75)  # the service has had its time to hear of a feed
        expect(page.locator("#strip")).not_to_contain_text("Nada está calculando")
        feed.send_signal(signal.SIGKILL)
        took = seconds_until(page, "#strip .notices", "Nada está calculando")
    figures.keep("the feed was killed: said over all beds after", f"{took:.0f} s", f"{LONGEST:.0f} s")
    assert took <= LONGEST


def test_a_service_that_was_killed_covers_the_page_within_90_seconds(
    browser: Browser, tmp_path: Path, figures: Figures
) -> None:
    with served_ward(tmp_path) as service, looking(browser, service) as page:
        for pid in (service.master.pid, *service.workers()):
            os.kill(pid, signal.SIGKILL)
        took = seconds_until(page, "#cover", "No connection since")
    figures.keep("the service was killed: covered after", f"{took:.0f} s", f"{LONGEST:.0f} s")
    assert took <= LONGEST


def test_a_page_without_script_asks_again_every_15_seconds(browser: Browser, real: Real) -> None:
    with browser.new_context(java_script_enabled=False, storage_state=real.ward.session) as window:
        page = window.new_page()
        page.goto(f"{real.service.url}/ward")
        with page.expect_request(f"{real.service.url}/ward", timeout=25_000):
            pass
        expect(page.locator(".tile").first).to_be_visible()
