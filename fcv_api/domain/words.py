"""A warning, and how the sentences of `messages.WORDS` are filled in with its figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from fcv_api.domain.limits import LAST_ROWS
from fcv_api.domain.messages import WORDS, Pair
from fcv_api.domain.vitals import SIGNS

Figures = Mapping[str, float | str]
LESS, MORE = ("or less", "o menos"), ("or more", "o más")
AT_MOST_THE_HEART_RATE = ("at most the heart rate", "a lo más la frecuencia cardíaca")


@dataclass(frozen=True, slots=True)
class ScoreWarning:
    """Something that whoever reads the score must read first.

    detail, detail_es: the same sentence in English and Spanish. figures: its numbers, by name; a channel is text.
    """

    code: str
    sign: str | None
    detail: str
    detail_es: str = ""
    figures: dict[str, float | str] = field(default_factory=dict, hash=False)


def warn(key: str, sign: int | None, figures: Figures, pieces: Mapping[str, str | Pair] | None = None) -> ScoreWarning:
    """Return a warning in both languages.

    key: of `WORDS`. figures: what is said, as numbers; a channel as text. pieces: what a sentence holds besides them.
    """
    kept = {name: value if isinstance(value, str) else round(float(value), 3) for name, value in figures.items()}
    english, spanish = {}, {}
    for part, pair in [
        *((part, number(value)) for part, value in kept.items() if not isinstance(value, str)),
        *(pieces or {}).items(),
    ]:
        english[part], spanish[part] = (pair, pair) if isinstance(pair, str) else pair
    name = None if sign is None else SIGNS[sign].name
    named = f"{name}: " if name else ""
    in_english, in_spanish = WORDS[key]
    words = named + in_english.format_map(english), named + in_spanish.format_map(spanish)
    return ScoreWarning(key.partition(".")[0], name, *words, kept)


def number(value: float) -> Pair:
    """Return a number as each language writes it."""
    text = f"{value:.0f}" if value == round(value) else f"{value:g}"
    return text, text.replace(".", ",")


def counted(count: int, noun: str) -> str:
    """Return how many there are of what a noun names: `1 turn`, `2 turns`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shown(values: list[float], sign: int) -> Pair:
    """Return a few values with their unit; of many, as dense rows have, the range and how many they are."""
    unit = SIGNS[sign].unit.words
    if len(values) <= LAST_ROWS:
        listed = [number(value) for value in values]
        return f"{', '.join(each[0] for each in listed)} {unit}", f"{'; '.join(each[1] for each in listed)} {unit}"
    ends = [number(value) for value in sorted({min(values), max(values)})]
    return (
        f"{' to '.join(each[0] for each in ends)} {unit} ({len(values)} values)",
        f"{' a '.join(each[1] for each in ends)} {unit} ({len(values)} valores)",
    )


def bounds(low: float, high: float) -> Pair:
    """Return what lies at or beyond one of two limits, such as `30 or less, or 170 or more`."""
    named = [(number(limit), words) for limit, words in ((low, LESS), (high, MORE)) if isfinite(limit)]
    english, spanish = ([f"{limit[language]} {words[language]}" for limit, words in named] for language in range(2))
    return ", or ".join(english), ", o ".join(spanish)


def usual_of(sign: int) -> Pair:
    """Return the usual limits of a sign."""
    return between(*SIGNS[sign].limits.usual) if isfinite(SIGNS[sign].limits.usual[1]) else AT_MOST_THE_HEART_RATE


def between(low: float, high: float) -> Pair:
    """Return a range."""
    ends = number(low), number(high)
    return f"{ends[0][0]} to {ends[1][0]}", f"{ends[0][1]} a {ends[1][1]}"


def extent(values: Iterable[float]) -> dict[str, float]:
    """Return how many values there are, and their ends, as figures."""
    kept = list(values)
    return {"count": len(kept), "lowest": min(kept), "highest": max(kept)}


def danger_range(sign: int) -> tuple[float, float]:
    """Return at or below and at or above what a sign endangers life."""
    return SIGNS[sign].limits.low, SIGNS[sign].limits.high


def finite(low: float, high: float) -> dict[str, float]:
    """Return the limits that there are, as figures."""
    return {name: limit for name, limit in (("low", low), ("high", high)) if isfinite(limit)}
