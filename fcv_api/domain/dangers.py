"""Values that endanger life, and those that no other value confirms.

A single cell in the danger range is mostly an artefact (Chambrin 2001, Siebig 2010: so are most alarms of monitors). So
it is critical only where another sign agrees, or two successive measurements lie there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fcv_api.domain import limits
from fcv_api.domain.raw_window import Flags, Raw
from fcv_api.domain.stored import Source, figures_of, words_of
from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.domain.words import ScoreWarning, bounds, danger_range, extent, finite, shown, warn

RATES = [limits.HEART_RATE, limits.PULSE]
CIRCULATION = [limits.HEART_RATE, limits.PULSE, limits.PERFUSION]


@dataclass(frozen=True, slots=True)
class Danger:
    """One sign in the danger range. values: those of the last rows.

    agreed: another sign confirms one of those. confirmed: two successive measurements lie there, the later in the last
    rows. past: where in `Raw.measurements`, before the last rows, the last of three successive ones lies, or of two
    that are 0 or those of both rates; None for none. single: later rows do not refute it yet.
    """

    sign: int
    values: list[float]
    agreed: bool
    confirmed: bool
    past: int | None
    single: bool

    @property
    def critical(self) -> bool:
        """Whether it is no artefact."""
        return self.agreed or self.confirmed


def find_dangers(raw: Raw) -> dict[int, Danger]:
    """Return, by sign, what lies in the danger range in the last rows, or more than once in the window."""
    measurements = raw.measurements
    danger = (measurements <= limits.LOW) | (measurements >= limits.HIGH)  # (k, 9), false for NaN
    if not danger.any():
        return {}
    recent = danger[raw.recent :].any(axis=0)
    signs = (recent | (danger.sum(axis=0) > 1)).nonzero()[0].tolist()
    agreed = agreeing(raw) if recent[RATES].any() else np.zeros_like(recent)
    return {sign: _danger(raw, sign, danger, agreed=bool(agreed[sign])) for sign in signs}


def _danger(raw: Raw, sign: int, danger: Flags, *, agreed: bool) -> Danger:
    column = raw.measurements[:, sign]
    places = np.flatnonzero(~np.isnan(column))
    inside = danger[places, sign]
    both: Flags = np.all(danger[places][:, RATES], axis=1) & np.bool_(sign in RATES)
    twice = inside[1:] & inside[:-1]
    confirmed = bool((twice & (places[1:] >= raw.recent)).any())
    zero = twice & (column[places[1:]] == 0) & (column[places[:-1]] == 0)
    before = np.flatnonzero(zero | (both[1:] & both[:-1]) | np.append(False, twice[1:] & twice[:-1]))
    past = [place for place in places[1 + before].tolist() if place < raw.recent]
    recent = [place for place in np.flatnonzero(danger[:, sign]).tolist() if place >= raw.recent]
    single = any(place == places[-1] or place >= _speaks_from(raw, sign, place) for place in recent)
    return Danger(sign, column[recent].tolist(), agreed, confirmed, past[-1] if past else None, single)


def _speaks_from(raw: Raw, sign: int, place: int) -> int:
    """Return from which row of `Raw.measurements` on a single value speaks, although the sign was measured again.

    An oximeter that counts another pulse than the ECG had no good signal: one more row refutes what it said.
    """
    heart, pulse = raw.measurements[place, [limits.HEART_RATE, limits.PULSE]].tolist()
    doubtful = sign in limits.OXIMETER and abs(heart - pulse) > limits.RATE_GAP  # false where one is missing
    return raw.since(1 if doubtful else limits.SINGLE_ROWS)


def agreeing(raw: Raw) -> Flags:
    """Return, (9,), which signs have in one of the last rows a danger that another one confirms.

    A heart rate of 0 with a pulse of 0 or none: in an arrest the oximeter loses its signal. Both rates too slow or both
    too fast. A pulse of 0 under a heart rate too fast, or without perfusion.
    """
    heart, pulse, perfusion = _circulation(raw)
    low, high = limits.LOW[limits.HEART_RATE], limits.HIGH[limits.HEART_RATE]
    alike = ((heart <= low) & (pulse <= low)) | ((heart >= high) & (pulse >= high))
    without = pulse == 0
    found = np.zeros(len(SIGNS), dtype=np.bool_)
    found[limits.HEART_RATE] = (alike | ((heart == 0) & np.isnan(pulse)) | ((heart >= high) & without)).any()
    found[limits.PULSE] = (alike | (without & ((heart >= high) | (perfusion < limits.NO_PERFUSION)))).any()
    return found


def _circulation(raw: Raw) -> Matrix:
    """Return, (3, 3), heart rate, pulse and perfusion index of the last rows; NaN where one was not measured.

    Of slots their own values: between two of them each sign may have a clock of its own.
    """
    values, measured = raw.values[-limits.LAST_ROWS :, CIRCULATION], raw.measured[-limits.LAST_ROWS :, CIRCULATION]
    found: Matrix = np.where(measured, values, np.nan).T
    return found


def critical(raw: Raw, danger: Danger) -> ScoreWarning:
    """Warn of a danger in the last rows that is no artefact."""
    source = raw.encounter.stored.read.get(danger.sign) if raw.encounter.stored else None
    if not danger.confirmed:
        key = "critical_value.agreed"
    else:
        key = "critical_value" if source is None else "critical_value.channel"
    return critical_value(key, raw, (danger.sign, danger.values), source)


def critical_value(key: str, raw: Raw, found: tuple[int, list[float]], source: Source | None) -> ScoreWarning:
    """Warn of values in the danger range. found: their sign, and they. source: what measured them, if named."""
    sign, values = found
    figures = extent(values) | {"rows": limits.LAST_ROWS} | finite(*danger_range(sign))
    pieces = {"values": shown(values, sign), "danger": bounds(*danger_range(sign)), "kind": raw.kind}
    if source is None:
        return warn(key, sign, figures, pieces)
    return warn(key, sign, {**figures, **figures_of(sign, source)}, pieces | {"source": words_of(sign, source)})


def asystole(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of any heart rate of 0: the heart stood still, or the leads were off."""
    heart = raw.measurements[:, limits.HEART_RATE]
    still = (heart == 0).nonzero()[0]
    if len(still):
        minutes, measured = round(float(raw.minutes_before_end[still[-1]])), np.count_nonzero(~np.isnan(heart))
        figures = {"count": float(len(still)), "of": float(measured), "minutes": float(minutes)}
        yield warn("asystole", limits.HEART_RATE, figures)


def no_pulse(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of beats on the ECG that move no blood: a pulse of 0, or twice none, at a perfusion index of nearly 0."""
    if not (raw.values[-limits.LAST_ROWS :, limits.PERFUSION] < limits.NO_PERFUSION).any():
        return
    heart, pulse, perfusion = _circulation(raw)
    beats = (heart > limits.LOW[limits.HEART_RATE]) & (perfusion < limits.NO_PERFUSION)
    zero, lost = beats & (pulse == 0), beats & np.isnan(pulse)
    if zero.any() or lost.sum() > 1:
        place = (zero | lost).nonzero()[0]
        found = {"heart_rate": heart[place[-1]], "perfusion": perfusion[place[-1]]}
        figures = found | {"count": len(place), "rows": limits.LAST_ROWS}
        yield warn("no_pulse", limits.PULSE, figures, {"kind": raw.kind})


def past_danger(raw: Raw, danger: Danger) -> Iterator[ScoreWarning]:
    """Warn of successive measurements in the danger range earlier in the window."""
    if danger.past is None:
        return
    low, high = danger_range(danger.sign)
    column = raw.measurements[: danger.past + 1, danger.sign]
    last = column[~np.isnan(column)][-limits.LAST_ROWS :].tolist()
    values = [value for value in last if not low < value < high]
    if danger.sign == limits.HEART_RATE and 0 in values:
        return  # asystole says so
    minutes = round(float(raw.minutes_before_end[danger.past]))
    figures = extent(values) | {"minutes": minutes} | finite(low, high)
    yield warn("past_danger", danger.sign, figures, {"values": shown(values, danger.sign), "danger": bounds(low, high)})
