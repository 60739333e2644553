"""Alerts and explanations on the ward's pages: beside what may be shown, and nowhere else."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeModel
from flask import Flask
from force import enforce
from ward_beds import IDENTITY, NONE, SHOCK, Attested, MakeWard, correct, feed_beds, make_ward, score, signed_in

from fcv_api.alerts import query
from fcv_api.domain.window import Matrix

__all__ = ["make_ward"]
SINCE = re.compile(r'<p class="alert">Alert since \d\d:\d\d: Cardiogenic shock')


@pytest.fixture
def ward(make_ward: MakeWard) -> Flask:
    """Give a ward with scores and one bed, whose score a policy in force alerts of."""
    app = make_ward(WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    enforce(model_sha256=IDENTITY.sha256)
    score(app)
    return app


def test_an_alert_stands_on_the_tile_and_on_the_bed_s_page(ward: Flask) -> None:
    browser = signed_in(ward)
    assert SINCE.search(browser.get("/ward").text)
    assert SINCE.search(browser.get("/ward/beds/1").text)
    assert "Alerta desde las" in browser.get("/ward?lang=es").text


def test_without_a_policy_nothing_alerts(make_ward: MakeWard) -> None:
    app = make_ward(WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    score(app)
    assert 'class="alert"' not in signed_in(app).get("/ward").text


def test_a_correction_hides_the_alert_of_the_score_that_it_hides(ward: Flask) -> None:
    correct(1, "UCI^1")
    assert 'class="alert"' not in signed_in(ward).get("/ward/beds/1").text


def test_who_marks_a_record_as_seen_has_seen_its_alerts_and_silences_none(ward: Flask) -> None:
    browser = signed_in(ward)
    page = browser.get("/ward/beds/1").text
    (record,) = re.findall(r'name="record" value="(\w+)"', page)
    browser.post("/ward/seen", {"csrf_token": browser.token_of("/ward/beds/1"), "record": record})
    (held,) = query.holding()
    assert held.seen_by == "ana"
    assert re.search(r"Alert since [^<]*Seen by ana", browser.get("/ward/beds/1").text)


class Sensitive(FakeModel):
    """Answers shock while the heart rate moves at all, and less of it while it does not."""

    def score(self, scaled: Matrix) -> Matrix:
        """Answer by the second sign."""
        return np.array(SHOCK if np.abs(scaled[:, 1]).sum() > 0 else (0.1, 0.1, 0.5, 0.3))


def test_what_moved_a_score_stands_beside_its_number_and_beside_none_other(ward: Flask) -> None:
    models = Attested()
    models.model = Sensitive(identity=IDENTITY)
    service = ward.extensions["fcv"]
    browser = signed_in(ward)
    ward.extensions["fcv"] = replace(service, models=models)
    page = browser.get("/ward/beds/1?lang=es").text
    assert "Lo que movió el puntaje, no la causa" in page
    assert re.search("<li>Frecuencia cardíaca y pulso subió el puntaje: último [^<]*</li>", page)
    correct(1, "UCI^1")
    assert "Lo que movió" not in browser.get("/ward/beds/1").text


def test_of_none_of_the_three_nothing_is_explained(make_ward: MakeWard) -> None:
    app = make_ward(NONE, WARD_SHOW="scores")
    feed_beds({1: "UCI^1"})
    score(app, NONE)
    assert 'class="moved"' not in signed_in(app).get("/ward/beds/1").text
