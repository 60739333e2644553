"""What is wrong is said over everything within 90 seconds: the browser's clock is moved on, and nobody waits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from served import served
from sqlalchemy import text
from visits import Ward

from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import Scorer
from fcv_api.extensions import db, write_transaction
from fcv_api.web import feed_readiness

pytest_plugins = ["openings"]

TIME = r"\d\d:\d\d:\d\d"
LOST = re.compile(f"Sin conexión desde las {TIME}.*No connection since {TIME}.*Mire los monitores", re.DOTALL)
NEXT_POLL, LONGEST = 15_000, 90_000


@pytest.fixture
def looking(page: Page, ward: Ward) -> Page:
    """Look at all beds, with a clock that can be moved on."""
    page.clock.install()
    page.goto(f"{ward.url}/ward")
    expect(page.locator(".tile").first).to_be_visible()
    return page


def expect_cover(page: Page, words: str | re.Pattern[str], which: str = "#cover") -> None:
    """Expect that a page is covered, and what can be read there: a hidden text is in the page, too."""
    expect(page.locator(which)).to_be_visible()
    expect(page.locator(which)).to_have_text(words, use_inner_text=True)


def says_at_the_next_poll(page: Page, words: str) -> None:
    """Move the clock on to the next poll, and look for words over the beds."""
    page.clock.fast_forward(NEXT_POLL)
    expect(page.locator("#strip .notices")).to_contain_text(words, use_inner_text=True)
    notice, first = page.locator("#strip .notices").bounding_box(), page.locator(".tile").first.bounding_box()
    assert notice
    assert first
    assert notice["y"] < first["y"]


def test_a_network_that_is_cut_covers_the_page_and_one_that_is_back_uncovers_it(looking: Page) -> None:
    looking.context.set_offline(True)
    looking.clock.fast_forward(60_000)
    expect(looking.locator("#cover")).to_be_hidden()
    looking.clock.fast_forward(LONGEST - 60_000)
    expect_cover(looking, LOST)
    covered = looking.locator("#cover").bounding_box()
    assert covered == {"x": 0, "y": 0, **looking.viewport_size}  # type: ignore[dict-item]
    looking.context.set_offline(False)
    looking.clock.fast_forward(NEXT_POLL)
    expect(looking.locator("#cover")).to_be_hidden()


def test_a_bed_s_page_covers_itself_too(page: Page, ward: Ward) -> None:
    page.clock.install()
    page.goto(ward.bed("UCI-01"))
    page.context.set_offline(True)
    page.clock.fast_forward(LONGEST)
    expect_cover(page, LOST)
    page.context.set_offline(False)
    page.clock.fast_forward(NEXT_POLL)
    expect(page.locator("#cover")).to_be_hidden()


def test_a_service_that_was_killed_covers_the_page(context: BrowserContext, ward: Ward) -> None:
    page = context.new_page()
    page.clock.install()
    with served(ward.app) as url:  # cookies know no ports
        page.goto(f"{url}/ward")
        expect(page.locator(".tile").first).to_be_visible()
    page.clock.fast_forward(LONGEST)
    expect_cover(page, LOST)


def test_a_service_that_accepts_and_never_answers_covers_the_page(looking: Page) -> None:
    looking.route("**/ward/beds*", lambda _route: None)
    looking.clock.fast_forward(LONGEST)
    expect_cover(looking, LOST)


def test_another_server_in_its_place_covers_the_page(looking: Page) -> None:
    looking.route("**/ward/beds*", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    for _poll in range(6):
        looking.clock.fast_forward(NEXT_POLL)
    expect_cover(looking, LOST)


def test_a_script_that_never_came_leaves_the_cover_to_the_style_sheet(context: BrowserContext, ward: Ward) -> None:
    page = context.new_page()
    page.route("**/ward.js*", lambda route: route.abort())
    page.goto(f"{ward.url}/ward")
    expect(page.locator("#fallback")).to_be_hidden()
    page.evaluate("document.getElementById('fallback').getAnimations()[0].currentTime = 90000")
    expect_cover(page, LOST, "#fallback")


def test_a_session_that_has_ended_covers_the_page_and_leads_to_the_door(looking: Page) -> None:
    looking.context.clear_cookies()
    looking.clock.fast_forward(NEXT_POLL)
    expect_cover(looking, re.compile("La sesión expiró"))
    looking.locator("#cover a").click()
    expect(looking.locator("#password")).to_be_visible()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_computer_whose_clock_is_an_hour_wrong_shows_the_server_s_and_no_cover(
    page: Page, ward: Ward, hours: int
) -> None:
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    page.goto(f"{ward.url}/ward")
    page.clock.fast_forward(2_000)
    shown = datetime.strptime(page.locator("#clock").inner_text(), "%H:%M:%S")  # noqa: DTZ007 - a wall clock
    wall = datetime.now(UTC) - timedelta(hours=5)
    apart = (shown - datetime.combine(shown, wall.time())) % timedelta(days=1)
    assert min(apart, timedelta(days=1) - apart) < timedelta(seconds=10)
    expect(page.locator("#cover")).to_be_hidden()


def test_a_computer_that_slept_covers_what_is_old_until_an_answer_comes(looking: Page) -> None:
    looking.context.set_offline(True)
    looking.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=20))
    looking.clock.run_for(1_000)
    expect_cover(looking, LOST)
    looking.context.set_offline(False)
    looking.clock.fast_forward(NEXT_POLL)
    expect(looking.locator("#cover")).to_be_hidden()


def test_a_clock_that_jumps_while_somebody_looks_changes_no_age(looking: Page) -> None:
    before = looking.locator(".age").all_inner_texts()
    looking.clock.set_system_time(datetime.now(UTC) + timedelta(hours=1))
    assert looking.locator(".age").all_inner_texts() == before


# What the server says ------------------------------------------------------------------------------------------------


def test_a_feed_that_has_ended_is_said_over_all_beds(
    looking: Page, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_readiness, "SECONDS_TO_START", 0.0)  # within which a feed may not have reported yet
    ward.report_feed(alive=False)
    says_at_the_next_poll(looking, "Nada está calculando")
    ward.report_feed()


def test_a_source_that_is_silent_is_named_over_all_beds(looking: Page, ward: Ward) -> None:
    with ward.app.app_context(), write_transaction() as session:
        session.execute(text("UPDATE feed_sources SET last_message_at = last_message_at - 200000000"))
    says_at_the_next_poll(looking, "La fuente api:monitors no envía nada")


def test_a_model_that_is_refused_is_said_over_all_beds_and_no_number_stands(
    looking: Page, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> Scorer:
        raise NoModel("its golden windows differ")

    assert looking.locator(".number").count() > 0
    monkeypatch.setattr(ward.app.extensions["fcv"].models, "active", refused)
    says_at_the_next_poll(looking, "No hay un modelo verificado")
    assert looking.locator(".number").count() == 0


def test_a_database_that_is_away_is_said_over_everything(looking: Page, ward: Ward) -> None:
    aside = ward.file.with_name("aside.db")
    with ward.app.app_context():
        db.engine.dispose()
        ward.file.rename(aside)
        ward.file.mkdir()
        for _poll in range(LONGEST // NEXT_POLL):
            looking.clock.fast_forward(NEXT_POLL)
        try:
            expect_cover(looking, LOST)
            assert looking.goto(f"{ward.url}/ward").status == 503  # type: ignore[union-attr]
        finally:
            db.engine.dispose()
            ward.file.rmdir()
            aside.rename(ward.file)
