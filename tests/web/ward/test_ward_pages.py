"""The ward's page, all beds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import Browser
from postgres import new_database
from sqlalchemy import text
from ward_beds import (
    NONE,
    Attested,
    MakeWard,
    correct,
    feed_beds,
    make_ward,
    now,
    request_until,
    score,
    signed_in,
    slot_now,
)

from fcv_api.accounts import Role
from fcv_api.domain.errors import NoModel
from fcv_api.domain.stays import MINUTE
from fcv_api.extensions import write_transaction
from fcv_api.extensions.cursors import write_cursor
from fcv_api.feed import stays
from fcv_api.web import feed_readiness
from fcv_api.wire.ward_file import WrongWards

__all__ = ["make_ward"]


def tile(browser: Browser, key: str, path: str = "/ward/beds") -> str:
    """Return a tile as HTML."""
    return str(
        re.findall(rf'<li id="{key}".*?</svg>.*?</li>|<li id="{key}".*?</li>', browser.get(path).text, re.DOTALL)[0]
    )


def test_a_risk_by_an_attested_model_stands_with_its_number_where_scores_are_shown(make_ward: MakeWard) -> None:
    app = make_ward(WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    score(app)
    html = tile(signed_in(app), "e1")
    assert "Cardiogenic shock" in html
    assert ">73 %</data>" in html


def test_where_warnings_are_shown_no_score_is(make_ward: MakeWard) -> None:
    app = make_ward()
    feed_beds({1: "UCI^1"})
    score(app)
    html = signed_in(app).get("/ward").text
    assert "No warning; no statement of health" in html
    assert "Warnings only" in html
    assert "73" not in tile(signed_in(app, name="eva"), "e1")


def test_none_of_the_three_reads_no_alert_and_has_no_number(make_ward: MakeWard) -> None:
    app = make_ward(NONE, WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    score(app, NONE)
    html = tile(signed_in(app), "e1")
    assert "No alert; no statement of health" in html
    assert "82" not in html


def test_a_correction_hides_the_score_with_the_next_poll(make_ward: MakeWard) -> None:
    app = make_ward(WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    score(app)
    browser = signed_in(app)
    tag = browser.get("/ward/beds").headers["ETag"]
    correct(1, "UCI^1")
    assert browser.get("/ward/beds", **{"If-None-Match": tag}).status_code == 200
    html = tile(browser, "e1")
    assert "a value was corrected" in html
    assert "73" not in html
    assert "p-risks" not in html


def test_an_encounter_by_predict_is_on_the_page_by_its_number(make_ward: MakeWard) -> None:
    app = make_ward(WARD_SHOW="scores", FEED="off")
    browser = signed_in(app, Role.ADMIN)
    assert "No bed has sent anything" in browser.get("/ward").text
    token = app.test_client().post("/auth/token", data={"username": "ana", "password": "correct horse battery"}).json
    headers = {"Authorization": f"Bearer {token['access_token']}"}  # type: ignore[index]
    app.test_client().post("/predict", json=request_until(slot_now()), headers=headers)
    assert "#5501" in tile(browser, "e5501")
    assert ">73 %</data>" in tile(browser, "e5501")
    app.test_client().post("/predict", json=request_until(slot_now()) | {"valor": {}}, headers=headers)
    app.test_client().post("/predict", json=request_until(slot_now() - 60 * MINUTE), headers=headers)
    assert "Not scored since" in tile(browser, "e5501")


def test_an_unchanged_poll_has_no_body_and_few_headers(make_ward: MakeWard) -> None:
    app = make_ward()
    feed_beds({1: "UCI^1", 2: "UCI^2"})
    browser = signed_in(app)
    tag = browser.get("/ward/beds").headers["ETag"]
    answer = browser.get("/ward/beds", **{"If-None-Match": tag})
    if answer.status_code == 200:  # a minute ended in between
        answer = browser.get("/ward/beds", **{"If-None-Match": answer.headers["ETag"]})
    assert (answer.status_code, answer.data) == (304, b"")
    assert len(str(answer.headers)) < 1_000


def test_a_poll_without_a_session_is_401_and_a_page_leads_to_the_form(make_ward: MakeWard) -> None:
    http = make_ward().test_client()
    assert http.get("/ward/beds").status_code == 401
    assert http.get("/ward/beds/1").status_code == 303


def test_a_bed_that_nobody_is_named_in_is_as_loud_as_one_that_is_not_scored(make_ward: MakeWard) -> None:
    app = make_ward()
    with write_cursor() as cursor:
        stays.unnamed(cursor, "gateway", [("UCI^9", now() - MINUTE)])
    html = signed_in(app).get("/ward").text
    assert html.count("No patient named since") == 2
    assert re.search(r'<li id="b\w+" class="tile piece unscored"', html)


def test_the_strip_names_silent_sources_and_a_feed_that_scores_nothing(
    make_ward: MakeWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_ward()
    monkeypatch.setattr(feed_readiness, "BEGAN", feed_readiness.BEGAN - 3600)
    with write_transaction() as session:
        session.execute(
            text("INSERT INTO feed_sources VALUES ('gateway <b>', 'host', :at, NULL, '{}')"), {"at": now() - 4 * MINUTE}
        )
    html = signed_in(app).get("/ward").text
    assert "Source gateway &lt;b&gt; is silent since" in html
    assert "Nothing scores the beds." in html


def test_a_model_that_is_refused_is_said_over_everything(make_ward: MakeWard, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_ward(WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    score(app)

    def refuse(_models: Attested) -> None:
        raise NoModel

    monkeypatch.setattr(Attested, "active", refuse)
    browser = signed_in(app)
    assert "No verified model: no bed is scored." in browser.get("/ward").text
    assert "%" not in tile(browser, "e1")


def test_a_model_that_was_activated_and_refused_is_said(make_ward: MakeWard, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_ward()
    monkeypatch.setattr(Attested, "problem", lambda _models: "golden windows")
    assert "The model that was activated last was refused" in signed_in(app).get("/ward").text


def test_a_script_in_a_bed_s_name_is_text(make_ward: MakeWard) -> None:
    app = make_ward()
    feed_beds({1: "<script>alert(1)</script>", 2: "{{ 7*7 }}"}, source="<i>")
    browser = signed_in(app)
    html = browser.get("/ward").text + browser.get("/ward/beds/1").text
    assert "<script>alert" not in html
    assert "<i>" not in html.replace("<i>Not scored</i>", "")
    assert "{{ 7*7 }}" in html


def test_a_test_system_s_bed_has_no_real_bed_s_place_and_bears_its_source(make_ward: MakeWard, tmp_path: Path) -> None:
    file = tmp_path / "wards.toml"
    file.write_text('[[ward]]\nname = "Adults"\n[[ward.bed]]\nbed = "UCI^1"\nlabel = "Bed one"\n')
    app = make_ward(WARD_FILE=str(file))
    feed_beds({1: "UCI^1"})
    feed_beds({2: "UCI^1"}, source="test:gateway")
    browser = signed_in(app)
    assert ["Bed one" in tile(browser, key) for key in ("e1", "e2")] == [True, False]
    assert "UCI 1 · test:gateway" in tile(browser, "e2")


def test_a_page_is_spanish_or_english(make_ward: MakeWard) -> None:
    app = make_ward()
    feed_beds({1: "UCI^1"})
    browser = signed_in(app)
    assert "it waits for its first score" in browser.get("/ward").text
    assert "espera su primer puntaje" in browser.get("/ward?lang=es").text
    assert "espera su primer puntaje" in browser.get("/ward/beds").text  # the cookie remembers


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_who_has_seen_a_record_stands_on_its_tile(
    make_ward: MakeWard, database: str, request: pytest.FixtureRequest
) -> None:
    on_postgresql = database == "postgresql"
    app = make_ward(**{"DATABASE_URL": new_database(request.getfixturevalue("postgres"))} if on_postgresql else {})
    feed_beds({1: "UCI^1"})
    score(app)
    browser = signed_in(app)
    page = browser.get("/ward/beds/1").text
    record = re.findall(r'name="record" value="(\w+)"', page)[0]
    form = {"csrf_token": browser.token_of("/ward/beds/1", "/ward/seen"), "record": record, "next": "/ward/beds/1"}
    tag = browser.get("/ward/beds").headers["ETag"]
    assert browser.post("/ward/seen", form).status_code == 303
    assert browser.get("/ward/beds", **{"If-None-Match": tag}).status_code == 200
    assert "Seen by ana at" in tile(browser, "e1")


def test_a_file_gives_beds_their_places_and_shows_which_send_nothing(make_ward: MakeWard, tmp_path: Path) -> None:
    file = tmp_path / "wards.toml"
    beds = [("UCI^2", "Two"), ("UCI^7", "Seven"), ("UCI^1", "One")]
    listed = "".join(f'[[ward.bed]]\nbed = "{bed}"\nlabel = "{label}"\n' for bed, label in beds)
    file.write_text(f'[[ward]]\nname = "Adults"\n{listed}')
    app = make_ward(WARD_FILE=str(file))
    feed_beds({1: "UCI^1", 2: "UCI^2", 3: "UCI^3"})
    browser = signed_in(app)
    html = browser.get("/ward").text
    labels = re.findall(r"<h3>(?:<a[^>]*>)?([^<]+)", html)
    assert [each.strip() for each in labels] == ["Two", "Seven", "One", "UCI 3"]
    assert "Nothing received in 12 hours" in html
    assert "UCI 3" not in browser.get("/ward?ward=Adults").text


def test_test_systems_stand_apart_and_never_in_the_strip(make_ward: MakeWard) -> None:
    app = make_ward(WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    feed_beds({2: "UCI^1"}, source="test:lab")
    score(app)
    html = signed_in(app).get("/ward").text
    strip, _, beds = html.partition('class="group"')
    assert strip.count("UCI 1") == 1
    assert "UCI 1 · test:lab" in beds
    assert "#e2" not in strip
    assert beds.partition("Test systems: no patients")[2].count('class="tile') == 1


def test_a_wrong_file_stops_the_start_by_the_key(make_ward: MakeWard, tmp_path: Path) -> None:
    (tmp_path / "wards.toml").write_text("colour = 1")
    with pytest.raises(WrongWards, match=r"FCV_WARD_FILE: .* colour is not a key"):
        make_ward(WARD_FILE=str(tmp_path / "wards.toml"))


def test_without_the_page_there_is_nothing(make_ward: MakeWard) -> None:
    app = make_ward(WARD="off")
    assert [app.test_client().get(path).status_code for path in ("/ward", "/ward/beds", "/sign-in")] == [404, 404, 404]
