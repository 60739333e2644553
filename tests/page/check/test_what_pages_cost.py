"""What the pages cost for 60 beds: sizes, times, and the processor's time for polls."""

from __future__ import annotations

import statistics
import time
from itertools import cycle

from measured import Figures, Real, ask, spent, wait_for_a_new_minute
from playwright.sync_api import Browser

pytest_plugins = ["openings", "sixty"]

PAGE_BYTES, PAGE_MS = 120_000, 300
POLL_BYTES, POLL_MS = 1_000, 5
DISPLAYS, SECONDS, DISPLAYS_MS = 20, 60, 20
POLLS = 300


def test_the_first_page_of_60_beds_is_small_and_comes_soon(real: Real, figures: Figures) -> None:
    first = ask(real.service, "/ward", Cookie=real.cookie)
    later = [ask(real.service, "/ward", Cookie=real.cookie) for _again in range(20)]
    files = sum(ask(real.service, f"/ward/static/ward.{kind}").size for kind in ("css", "js"))
    assert {each.status for each in later} == {200}
    largest, slowest = max(each.size for each in later), max(first.ms, *(each.ms for each in later))
    figures.keep("first page, with its headers", f"{largest:,} bytes", f"{PAGE_BYTES:,}")
    figures.keep("style sheet and script, once", f"{files:,} bytes", "-")
    figures.keep("first page, the very first of a service", f"{first.ms:.0f} ms", f"{PAGE_MS} ms")
    figures.keep("first page, median of 20", f"{statistics.median(each.ms for each in later):.0f} ms", f"{PAGE_MS} ms")
    assert largest <= PAGE_BYTES
    assert slowest <= PAGE_MS


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
