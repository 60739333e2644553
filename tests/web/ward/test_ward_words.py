"""What the pages say, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fcv_api.domain.errors import (
    IdentityConflict,
    MissingSigns,
    ModelOutput,
    NoModel,
    Silent,
    TooFewInstants,
    WindowSpan,
)
from fcv_api.domain.labels import SIGN_LABELS, STATE_LABELS, TITLES
from fcv_api.domain.ward import AHEAD, CORRECTED, OVERDUE, WAITS, Condition
from fcv_api.domain.ward_score import Level, Line
from fcv_api.web.ward.shown_words import SHOWN, reason_of

WELL = re.compile(r"\b(sano|sana|healthy|normal(es)?|stable|estables?|ok|bien)\b|[✓✔☑✅]", re.IGNORECASE)
REFUSALS = (TooFewInstants, MissingSigns, WindowSpan, ModelOutput, IdentityConflict, Silent, NoModel)


def test_every_text_is_there_in_both_languages_with_the_same_parts() -> None:
    parts = {key: [set(re.findall(r"{(\w+)}", text)) for text in pair] for key, pair in SHOWN.items()}
    assert {key: each for key, each in parts.items() if each[0] != each[1]} == {}
    assert [key for key, (english, spanish) in SHOWN.items() if bool(english) != bool(spanish)] == []


def test_no_text_says_that_anybody_is_well() -> None:
    pairs = [*SHOWN.values(), *TITLES.values(), *SIGN_LABELS.values(), *STATE_LABELS.values()]
    texts = [text for pair in pairs for text in pair]
    assert [text for text in texts if WELL.search(text)] == []


def test_every_level_line_and_condition_has_its_words() -> None:
    wanted = {f"level.{each.name.lower()}" for each in Level} | {f"line.{each}" for each in Line}
    wanted |= {str(each) for each in Condition if each is not Condition.SCORED}
    assert wanted <= set(SHOWN)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_reason_for_no_score_has_words_of_its_own(language: str) -> None:
    reasons = [AHEAD, CORRECTED, OVERDUE, WAITS, *(each.code for each in REFUSALS)]
    said = [reason_of(each, language) for each in reasons]  # type: ignore[arg-type]
    assert len(set(said)) == len(reasons)
    assert all(each[0].islower() for each in said)


def test_the_pages_use_every_text_and_only_texts_that_there_are(root: Path) -> None:
    files = [*(root / "fcv_api" / "web" / "ward").rglob("*.html"), *(root / "fcv_api" / "web" / "ward").glob("*.py")]
    source = "".join(file.read_text("utf-8") for file in files if file.name != "shown_words.py")
    used = set(re.findall(r'speaker\.say\(\s*"([\w.]+?)"', source))
    assert {key for key in used if not key.endswith(".")} <= set(SHOWN)
    built = ("level.", "line.", "reason.", "replay.")
    plain = {key for key in SHOWN if not key.startswith(built)} - {str(each) for each in Condition}
    assert {key for key in plain if f'"{key}"' not in source} == set()
