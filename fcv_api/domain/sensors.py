"""What the raw window says of the sensors: values dropped or filled, lines that never move, readings apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fcv_api.domain import limits
from fcv_api.domain.raw_window import Flags, Raw, Vector
from fcv_api.domain.samples import spread
from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import MINUTE, Matrix
from fcv_api.domain.words import ScoreWarning, between, warn


def implausible(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of values inside the window that are no measurements."""
    for each in raw.encounter.implausible:
        inside = [instant for instant in each.instants if instant > raw.start]
        if inside:
            sign = SIGNS[each.sign]
            low, high = sign.limits.hard
            english, spanish = between(low, high)
            hard = f"{english} {sign.unit.words}", f"{spanish} {sign.unit.words}"
            minutes = round(float((raw.instants[-1] - inside[-1]) / MINUTE))
            figures = {"count": len(inside), "minutes": minutes, "low": low, "high": high}
            at = str(raw.encounter.as_sent(inside[-1]))
            yield warn("implausible_value", each.sign, figures, {"hard": hard, "at": at})


def filled(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of signs that were filled for the most part or at the end. Temperature is charted slowly, so it may be."""
    rows = len(raw.values)
    missing = rows - raw.measured.sum(axis=0)  # (9,)
    age = (raw.instants[-1] - raw.last_measured) / MINUTE  # (9,), NaN for never
    warned = (limits.GAPS_COUNT & (missing >= limits.FILLED_SHARE * rows)) | (age > limits.OLD)
    for sign in warned.nonzero()[0].tolist():
        figures = {"filled": missing[sign], "of": rows, "minutes": round(float(age[sign]))}
        yield warn("filled" if age[sign] else "filled.at_end", sign, figures)


def flat(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of sensors that say the same all the time, and so perhaps nothing."""
    stands = raw.measured.all(axis=0) & (raw.values == raw.values[0]).all(axis=0)
    if np.count_nonzero(stands & limits.MOVES):
        for sign in alone_or_together(stands, raw.values[0]).nonzero()[0].tolist():
            figures = {"value": raw.values[0, sign], "of": len(raw.values)}
            key = "flat_line" if sign in limits.PACED else "flat_line.frozen"
            yield warn(key, sign, figures, {"kind": raw.kind, "unit": SIGNS[sign].unit.words})


def alone_or_together(stands: Flags, values: Vector) -> Flags:
    """Return, (..., 9), which of the signs that never move are worth a word. values: (..., 9), theirs.

    A ventilator holds respiration, and oxygen holds saturation at 99 to 100: these count only where another sign is
    flat too. Height and weight never move, and a patient may have no premature beats.
    """
    moves = stands & limits.MOVES
    held = np.zeros_like(moves)
    held[..., limits.RESPIRATION] = True
    held[..., limits.SATURATION] = values[..., limits.SATURATION] >= limits.FULL
    found: Flags = moves & (~held | (moves.sum(axis=-1) > 1)[..., np.newaxis])
    return found


def questionable(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of values that the monitor itself doubted: OBX-8 QUES of HL7 v2."""
    for sign in sorted(set(raw.encounter.questionable)):
        yield warn("questionable_value", sign, {"count": raw.encounter.questionable.count(sign)})


def rates(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of a pulse that is not the heart's rate: beats that move no blood, or a sensor that hangs loose."""
    both = raw.measured[:, limits.HEART_RATE] & raw.measured[:, limits.PULSE]
    gap = (raw.values[:, limits.HEART_RATE] - raw.values[:, limits.PULSE])[both]
    apart, behind = np.count_nonzero(np.abs(gap) > limits.RATE_GAP), np.count_nonzero(gap >= limits.DEFICIT)
    if apart and 2 * apart >= len(gap):
        figures = {"count": float(apart), "of": len(gap), "gap": limits.RATE_GAP}
        yield warn("rate_mismatch", limits.PULSE, figures, {"kind": raw.kind})
    elif behind and 2 * behind >= len(gap) and 2 * len(gap) >= len(both):
        deficit = float(np.median(gap))
        if deficit >= limits.DEFICIT:
            figures = {"count": float(behind), "of": len(gap), "gap": limits.DEFICIT, "deficit": deficit}
            yield warn("rate_mismatch.deficit", limits.PULSE, figures, {"kind": raw.kind})


def conflicts(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of values of one sign and one instant of the window that lie too far apart to be one patient's.

    A scan that was exported twice is none: two readings lie within the sign's tolerance, or within what it changes by
    from row to row; now and then a little further. Two sources disagree at many instants, or once by far. Height and
    weight are entered, and have no noise.
    """
    apart = _apart(raw)
    if apart is None or not (apart > limits.APART).any():
        return
    tolerance = tolerances(raw)
    counts, most = (apart > tolerance).sum(axis=0), apart.max(axis=0)
    often = counts >= limits.CONFLICT_SHARE * len(apart)
    for sign in (often | (most >= limits.GROSS * tolerance)).nonzero()[0].tolist():
        figures = {"apart": most[sign], "count": counts[sign], "of": len(apart)}
        yield warn("conflicting_values", sign, figures, {"unit": SIGNS[sign].unit.words})


def _apart(raw: Raw) -> Matrix | None:
    """Return how far the values of each instant of the window lie apart, (instants, 9); None where each is alone.

    Of values that the memory of beds stored as their mean, it remembers that.
    """
    instants, cells = (raw.instants, raw.measured.sum()) if raw.samples is None else raw.samples.cells
    inside = raw.encounter.instants >= instants[0]
    kept = (
        [each for each in raw.encounter.stored.conflicts if each.instant >= instants[0]] if raw.encounter.stored else []
    )
    if inside.sum() <= cells and not kept:
        return None
    signs, values = raw.encounter.signs[inside], raw.encounter.values[inside]
    rows = np.searchsorted(instants, raw.encounter.instants[inside])
    apart = spread(rows, signs, values, len(instants))
    for each in kept:
        cell = int(np.searchsorted(instants, each.instant)), each.sign
        apart[cell] = max(apart[cell], each.apart)
    return apart


def tolerances(raw: Raw) -> Vector:
    """Return, (9,), how far two readings of one instant may lie apart: by the table, or by the sign's own noise."""
    steps = np.abs(np.diff(raw.values, axis=0))
    own = limits.NOISE * np.median(steps, axis=0)  # NaN for a sign never sent
    tolerance: Vector = np.fmax(limits.APART, own)
    return tolerance
