"""One table of sentences: both languages say the same figures, and every code has its place in the documents."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from fcv_api.domain.messages import WORDS
from fcv_api.domain.words import bounds, number, shown, warn
from fcv_api.settings import ROOT

CODES = sorted({key.partition(".")[0] for key in WORDS})


def fields(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(sentence)} - {None}


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_the_same_figures(key: str) -> None:
    english, spanish = WORDS[key]
    assert fields(english) == fields(spanish)
    assert english != spanish


@pytest.mark.parametrize("document", ["docs/warnings.md", "docs/warnings.es.md"])
def test_the_documents_table_every_code_and_no_other(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    assert sorted(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)) == CODES


def test_the_answers_table_has_every_code_and_no_other() -> None:
    table = (ROOT / "docs" / "api.md").read_text("utf-8").partition("### Warnings")[2].partition("\n##")[0]
    assert sorted(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)) == CODES


def test_numbers_are_written_as_each_language_does() -> None:
    assert number(36.8) == ("36.8", "36,8")
    assert number(1434314.0) == ("1434314", "1434314")
    assert shown([71.5, 70.0], 6) == ("71.5, 70 %", "71,5; 70 %")
    assert bounds(8.0, 30.5) == ("8 or less, or 30.5 or more", "8 o menos, o 30,5 o más")


def test_a_warning_of_no_sign_is_a_sentence_by_itself() -> None:
    found = warn("stale.old", None, {"minutes": 16})
    assert (found.code, found.sign, found.figures) == ("stale", None, {"minutes": 16})
    assert found.detail == "The window ended 16 minutes ago: this is no score of now."
    assert found.detail_es == "La ventana terminó hace 16 minutos: este puntaje no es de ahora."
