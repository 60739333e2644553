"""The short names of what people read."""

from __future__ import annotations

import pytest

from fcv_api.domain.labels import SIGN_LABELS, STATE_LABELS, TITLES, headline_of, sentence_of
from fcv_api.domain.messages import WORDS
from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.words import ScoreWarning, warn

HEART_RATE = SIGN_NAMES.index("MDC_ECG_HEART_RATE")


def test_every_warning_sign_and_state_has_a_name_in_both_languages() -> None:
    assert set(TITLES) == {key.partition(".")[0] for key in WORDS}
    assert (set(SIGN_LABELS), set(STATE_LABELS)) == (set(SIGN_NAMES), set(State))
    assert all(
        english and spanish for table in (TITLES, SIGN_LABELS, STATE_LABELS) for english, spanish in table.values()
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Heart rate 24-28.5\N{NO-BREAK SPACE}/min"), ("es", "cardíaca 24-28,5\N{NO-BREAK SPACE}/min")],
)
def test_a_critical_value_is_said_with_its_values(language: str, words: str) -> None:
    warning = ScoreWarning("critical_value", "MDC_ECG_HEART_RATE", "", "", {"lowest": 24.0, "highest": 28.5})
    assert words in headline_of(warning, language)


def test_a_trend_says_from_where_to_where() -> None:
    warning = ScoreWarning("trend", "MDC_PULS_OXIM_SAT_O2", "", "", {"first": 97.0, "last": 88.0, "change": -9.0})
    assert headline_of(warning, "en") == "Oxygen saturation 97→88\N{NO-BREAK SPACE}%"


def test_sentences_name_signs_as_people_do() -> None:
    warning = warn("not_entered", HEART_RATE, {})
    assert sentence_of(warning, "en").startswith("Heart rate: was never entered")
    assert sentence_of(warning, "es").startswith("Frecuencia cardíaca: nunca se ingresó")


def test_an_old_record_without_spanish_is_said_in_english() -> None:
    assert sentence_of(ScoreWarning("level", None, "as it was", ""), "es") == "as it was"


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_undecided_score_is_said_without_its_shares(language: str) -> None:
    warning = warn("undecided", None, {"largest": 0.41, "lead": 0.05})
    said = sentence_of(warning, language) + headline_of(warning, language)
    assert not any(character.isdigit() for character in said)


def test_a_warning_that_a_newer_version_made_is_named_by_its_code() -> None:
    assert headline_of(ScoreWarning("a_new_code", None, ""), "es") == "a_new_code"
