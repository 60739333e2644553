"""What the pages cost for 60 beds: sizes, times, and the processor's time for polls."""

from __future__ import annotations

import statistics
import time
from itertools import cycle
from pathlib import Path

from measured import Figures, Real, ask, spent, wait_for_a_new_minute
from playwright.sync_api import Browser
from service import running

pytest_plugins = ["openings", "sixty"]

PAGE_BYTES, PAGE_MS = 120_000, 300
POLL_BYTES, POLL_MS = 1_000, 5
DISPLAYS, SECONDS, DISPLAYS_MS = 20, 60, 20
POLLS = 300


def test_the_first_page_of_60_beds_is_small_and_comes_soon(real: Real, figures: Figures) -> None:
    answers = [ask(real.service, "/ward", Cookie=real.cookie) for _again in range(30)]
    files = sum(ask(real.service, f"/ward/static/ward.{kind}").size for kind in ("css", "js"))
    assert {each.status for each in answers} == {200}
    largest, middle = max(each.size for each in answers), statistics.median(each.ms for each in answers)
    figures.keep("first page, with its headers", f"{largest:,} bytes", f"{PAGE_BYTES:,}")
    figures.keep("style sheet and script, once", f"{files:,} bytes", "-")
    figures.keep("first page, median of 30", f"{middle:.0f} ms", f"{PAGE_MS} ms")
    assert largest <= PAGE_BYTES
    assert middle <= PAGE_MS


def test_a_worker_that_has_just_begun_draws_60_beds_soon(real: Real, tmp_path: Path, figures: Figures) -> None:
    """It has read nothing of the record yet. What else runs on this machine must not count: processor time."""
    given = {name.removeprefix("FCV_"): value for name, value in real.service.environment.items() if "FCV_" in name}
    with running(tmp_path, **given | {"WORKERS": "1", "BIND": "", "LOG_DIR": str(tmp_path)}) as service:
        ask(service, "/sign-in")
        time.sleep(3)  # its first look is over
        with spent(service) as cost:
            answer = ask(service, "/ward", Cookie=real.cookie)
    figures.keep(
        "the first one that a new worker draws", f"{answer.ms:.0f} ms; {cost[0]:.0f} ms of processor time",
        f"{PAGE_MS} ms",
    )  # fmt: skip
    assert answer.status == 200
    assert cost[0] <= PAGE_MS


def test_a_browser_shows_60_beds_soon(real: Real, browser: Browser, figures: Figures) -> None:
    with browser.new_context(storage_state=real.ward.session, viewport={"width": 1920, "height": 1080}) as window:
        page = window.new_page()
        page.goto(f"{real.service.url}/ward")
        times = page.evaluate("JSON.parse(JSON.stringify(performance.getEntriesByType('navigation')[0]))")
        assert page.locator(".tile").count() >= 60
    figures.keep("Chromium has loaded and laid it out", f"{times['loadEventEnd']:.0f} ms", "-")


def test_an_unchanged_poll_costs_next_to_nothing(real: Real, figures: Figures) -> None:
    wait_for_a_new_minute()
    for _worker in range(8):  # each has drawn it once
        tag = ask(real.service, "/ward/beds", Cookie=real.cookie).tag
    with spent(real.service) as cost:
        answers = [ask(real.service, "/ward/beds", Cookie=real.cookie, If_None_Match=tag) for _again in range(POLLS)]
    assert {each.status for each in answers} == {304}
    size, own = max(each.size for each in answers), cost[0] / POLLS
    figures.keep("unchanged poll, with its headers", f"{size:,} bytes", f"{POLL_BYTES:,}")
    figures.keep(f"unchanged poll, mean of {POLLS}", f"{own:.2f} ms of processor time", f"{POLL_MS} ms")
    assert size <= POLL_BYTES
    assert own <= POLL_MS


def test_20_displays_cost_little_in_all(real: Real, figures: Figures) -> None:
    with spent(real.service) as idle:
        time.sleep(20)
    tags = dict.fromkeys(range(DISPLAYS), "")
    changed = 0
    with spent(real.service) as cost:
        for turn, display in zip(range(DISPLAYS * SECONDS // 15), cycle(tags), strict=False):
            began = time.monotonic()
            answer = ask(real.service, "/ward/beds", Cookie=real.cookie, If_None_Match=tags[display])
            changed += answer.status == 200
            tags[display] = answer.tag
            time.sleep(max(0.0, 15 / DISPLAYS - (time.monotonic() - began)))
            assert answer.status in (200, 304), turn
    a_second = cost[0] / cost[1]
    figures.keep(
        f"{DISPLAYS} displays for {SECONDS} s, {changed} of their polls found something new",
        f"{a_second:.1f} ms of processor time a second; {idle[0] / idle[1]:.1f} of them without displays",
        f"{DISPLAYS_MS} ms",
    )
    assert a_second <= DISPLAYS_MS
