"""The charts of one bed's page: three risks and nine signs, each with its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

from fcv_api.domain.labels import SIGN_LABELS, STATE_LABELS, in_language
from fcv_api.domain.prediction import State
from fcv_api.domain.stays import SLOT
from fcv_api.domain.vitals import SIGNS, Sign
from fcv_api.domain.ward_line import SLOTS
from fcv_api.domain.ward_score import Line, Outcome, Shows, percent_of, shown_score
from fcv_api.domain.words import number
from fcv_api.web.ward.shown import Speaker
from fcv_api.web.ward.svg import Axis, Chart, chart

RISKS = (State.CARDIAC_ARREST, State.LOW_CARDIAC_OUTPUT, State.CARDIOGENIC_SHOCK)
AXES = {
    "MDC_BLD_PERF_INDEX": Axis(0, 10),
    "MDC_ECG_HEART_RATE": Axis(0, 200),
    "MDC_ECG_V_P_C_RATE": Axis(0, 60),
    "MDC_PULS_OXIM_PULS_RATE": Axis(0, 200),
    "MDC_PULS_OXIM_SAT_O2": Axis(60, 100),
    "MDC_TEMP": Axis(32, 42),
    "MDC_TTHOR_RESP_RATE": Axis(0, 60),
}
"""The same for every bed, so that two beds can be compared at a glance. What lies beyond an end lies on it."""
SHARES = Axis(0, 100)
WITH_A_RISK = (Line.RISK, Line.NO_ALERT, Line.NONE_OF_THESE)


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture and its table. chart: None where there is no picture. rows: time and value, the newest first.

    summary: the picture in words. times: below it, each with its place from the left.
    """

    key: str
    title: str
    unit: str
    chart: Chart | None
    rows: tuple[tuple[str, str], ...]
    summary: str = ""
    times: tuple[tuple[int, str], ...] = ()


def risk_figures(outcomes: Iterable[Outcome], shows: Shows, speaker: Speaker) -> list[Figure]:
    """Return the three risks over six hours. A row of none of the three has words in its place, as the tile does."""
    lines = [(each, shown_score(each, shows).line) for each in outcomes]
    shown = {_slot(each.at): (each, line) for each, line in lines if line in WITH_A_RISK and each.probabilities}
    return [_risk(state, shown, speaker) for state in RISKS] if shows.scores and shows.attested else []


def _risk(state: State, shown: Mapping[int, tuple[Outcome, Line]], speaker: Speaker) -> Figure:
    shares = {slot: (each.probabilities or {}).get(state, 0.0) for slot, (each, _line) in shown.items()}
    points = _placed({slot: share * 100 for slot, share in shares.items()}, speaker.now)
    rows = [
        (speaker.time(slot), f"{percent_of(shares[slot])} %" if line is Line.RISK else speaker.say(f"line.{line}"))
        for slot, (_each, line) in sorted(shown.items(), reverse=True)
    ]
    title = in_language(STATE_LABELS[state], speaker.language)
    summary = speaker.say("risk_words", what=title, count=len(rows))
    return Figure(state.value, title, "%", chart(points, SHARES), tuple(rows), summary, _times(speaker))


def sign_figures(measured: Mapping[str, Mapping[int, float]], speaker: Speaker) -> list[Figure]:
    """Return the nine signs over six hours, as they were measured. Height and weight have a value and no picture."""
    return [_sign(sign, measured.get(sign.name, {}), speaker) for sign in SIGNS]


def _sign(sign: Sign, slots: Mapping[int, float], speaker: Speaker) -> Figure:
    title, unit = in_language(SIGN_LABELS[sign.name], speaker.language), sign.unit.words
    rows = [("" if sign.static else speaker.time(slot), shown_value(slots[slot], speaker)) for slot in _newest(slots)]
    if sign.static or not slots:
        return Figure(sign.name, title, unit, None, tuple(rows))
    limits = [each for each in (sign.limits.low, sign.limits.high) if isfinite(each)]
    drawn = chart(_placed(slots, speaker.now), AXES[sign.name], [(each, f"{each:g}") for each in limits])
    summary = _summary(sign, list(slots.values()), speaker)
    return Figure(sign.name, title, unit, drawn, tuple(rows), summary, _times(speaker))


def window_figures(columns: Mapping[str, list[float | None]], speaker: Speaker) -> list[Figure]:
    """Return the nine signs of a recorded window. It does not say which cells were filled: none is joined by a line."""
    return [_column(sign, columns.get(sign.name, []), speaker) for sign in SIGNS]


def _column(sign: Sign, values: list[float | None], speaker: Speaker) -> Figure:
    found = [(row, value) for row, value in enumerate(values) if value is not None]
    title, unit = in_language(SIGN_LABELS[sign.name], speaker.language), sign.unit.words
    if sign.static:
        return Figure(
            sign.name, title, unit, None, tuple(("", shown_value(value, speaker)) for _row, value in found[-1:])
        )
    apart = [(3 * row + 5, value) for row, value in found]  # every third slot: no two stand side by side
    limits = [(each, f"{each:g}") for each in (sign.limits.low, sign.limits.high) if isfinite(each)]
    rows = tuple((str(row + 1), shown_value(value, speaker)) for row, value in reversed(found))
    summary = _summary(sign, [value for _row, value in found], speaker)
    return Figure(sign.name, title, unit, chart(apart, AXES[sign.name], limits) if found else None, rows, summary)


def _summary(sign: Sign, values: list[float], speaker: Speaker) -> str:
    """Return the picture of a sign in words. The newest value comes last."""
    if not values:
        return ""
    parts = {"low": min(values), "high": max(values), "last": values[-1]}
    shown = {name: shown_value(value, speaker) for name, value in parts.items()}
    label = in_language(SIGN_LABELS[sign.name], speaker.language)
    return speaker.say("sign_words", what=label, unit=sign.unit.words, count=len(values), **shown)


def shown_value(value: float, speaker: Speaker) -> str:
    """Return a value as the language writes it, to two digits after the point."""
    return number(round(value, 2))[speaker.language == "es"]


def _newest(slots: Mapping[int, float]) -> list[int]:
    return sorted(slots, reverse=True)


def _slot(at: int) -> int:
    return -(-at // SLOT) * SLOT


def _times(speaker: Speaker) -> tuple[tuple[int, str], ...]:
    """Return the times below a picture: six and three hours ago, and of the newest slot."""
    last = _slot(speaker.now)
    return tuple((place * 10 + 5, speaker.time(last - (SLOTS - 1 - place) * SLOT)) for place in (0, 36, SLOTS - 1))


def _placed(slots: Mapping[int, float], now: int) -> list[tuple[int, float]]:
    """Return values by the number of their slot, 0 to 71, up to now."""
    last = _slot(now)
    places = [(SLOTS - 1 - (last - slot) // SLOT, value) for slot, value in sorted(slots.items())]
    return [(place, value) for place, value in places if 0 <= place < SLOTS]
