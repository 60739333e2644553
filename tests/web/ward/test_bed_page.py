"""The page of one bed."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from ward_beds import NONE, MakeWard, correct, feed_beds, make_ward, request_until, score, signed_in, slot_now

from fcv_api.accounts import Role

__all__ = ["make_ward"]


@pytest.fixture
def ward(make_ward: MakeWard) -> Flask:
    """Give a ward that shows scores, with two beds that were scored."""
    app = make_ward(WARD_SHOW="scores")
    feed_beds({1: "UCI^1", 2: "UCI^2"})
    score(app)
    return app


def test_a_bed_has_its_three_risks_and_nine_signs_each_with_a_table(ward: Flask) -> None:
    html = signed_in(ward).get("/ward/beds/1").text
    assert len(re.findall(r'<figure id="f-(?:cardi|low)', html)) == 3
    assert len(re.findall(r'<figure id="f-MDC_', html)) == 9
    assert html.count('<svg class="chart"') == 10  # height and weight have one value; they are in words
    assert html.count("<details>") == 7


def test_of_none_of_the_three_no_row_has_a_number(make_ward: MakeWard) -> None:
    app = make_ward(NONE, WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    score(app, NONE)
    html = signed_in(app).get("/ward/beds/1").text
    risks = html.partition('id="risks"')[2].partition("</section>")[0]
    assert "No alert; no statement of health" in risks
    assert not re.search(r"\d+ %", risks)


def test_where_warnings_alone_are_shown_there_are_no_risks(make_ward: MakeWard) -> None:
    app = make_ward()
    feed_beds({1: "UCI^1"})
    score(app)
    html = signed_in(app).get("/ward/beds/1").text
    assert "They are not shown here." in html
    assert not re.search(r"\b73 %|0[.,]73", html)
    assert 'class="number"' not in html


def test_a_record_is_opened_and_computed_again_to_the_last_bit(ward: Flask) -> None:
    browser = signed_in(ward)
    record = re.findall(r"record=(\w+)", browser.get("/ward/beds/1").text)[0]
    html = browser.get(f"/ward/beds/1?record={record}").text
    assert "equal to the last bit" in html
    assert len(re.findall(r'<tr><th scope="row">[^<]+\(', html)) == 9


def test_a_record_of_another_stay_is_not_shown(ward: Flask) -> None:
    browser = signed_in(ward)
    record = re.findall(r"record=(\w+)", browser.get("/ward/beds/1").text)[0]
    assert browser.get(f"/ward/beds/2?record={record}").status_code == 404


def test_what_is_no_stay_is_not_found(ward: Flask) -> None:
    browser = signed_in(ward)
    for path in ("77", "-77", "x", "1.5", "99999999999999999999999", "\u0661", "--1"):
        assert browser.get(f"/ward/beds/{path}").status_code == 404, path


def test_a_reader_may_look_but_has_no_button(ward: Flask) -> None:
    html = signed_in(ward, Role.READER).get("/ward/beds/1").text
    assert "/ward/seen" not in html


def test_a_poll_of_a_bed_that_did_not_change_is_304(ward: Flask) -> None:
    browser = signed_in(ward)
    for _attempt in range(3):  # a minute may end in between
        tag = browser.get("/ward/beds/1").headers["ETag"]
        answer = browser.get("/ward/beds/1", **{"If-None-Match": tag})
        if answer.status_code == 304:
            break
    assert (answer.status_code, answer.data) == (304, b"")


def test_an_encounter_by_predict_shows_the_window_that_was_read_without_a_line(ward: Flask) -> None:
    browser = signed_in(ward, Role.ADMIN)
    token = ward.test_client().post("/auth/token", data={"username": "ana", "password": "correct horse battery"}).json
    headers = {"Authorization": f"Bearer {token['access_token']}"}  # type: ignore[index]
    ward.test_client().post("/predict", json=request_until(slot_now()), headers=headers)
    html = browser.get("/ward/beds/5501").text
    assert "Gaps were filled before it read them" in html
    signs = html.partition('id="signs"')[2]
    assert "L" not in "".join(re.findall(r'class="c-line" d="([^"]*)"', signs))


def test_no_score_of_a_bed_in_conflict_is_on_its_page(ward: Flask) -> None:
    feed_beds({9: "UCI^1"})
    html = signed_in(ward).get("/ward/beds/1").text
    assert "two patients at once in this bed" in html
    assert 'class="number"' not in html
    assert not re.search(r"\b73 %", html)
    assert "nobody can say whose they are" in html
    assert "<figure" not in html
    assert 'class="hours"' not in html


def test_a_score_that_was_corrected_is_nowhere_on_its_page(ward: Flask) -> None:
    browser = signed_in(ward)
    record = re.findall(r"record=(\w+)", browser.get("/ward/beds/1").text)[0]
    correct(1, "UCI^1")
    for path in ("/ward/beds/1", f"/ward/beds/1?record={record}"):
        html = browser.get(path).text
        assert "a value was corrected" in html
        assert not re.search(r"\b73 %", html)
