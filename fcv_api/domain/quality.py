"""What the raw window says besides the score: scaling hides levels, gaps and sensors that hang loose.

Each warning is one row of the table in docs/api.md. Limits and tolerances are those of `vitals.SIGNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain import limits
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import ScoreWarning
from fcv_api.domain.samples import Samples, spread
from fcv_api.domain.vitals import SIGN_NAMES, SIGNS
from fcv_api.domain.window import MINUTE, Matrix, Window, WindowSpec
from fcv_api.domain.words import danger_of, shown, usual_of, warn


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A window by the order of `vitals.SIGNS`, whatever the model's is, and the encounter as known at its end.

    values, measured: (instants, 9). last_measured: (9,), NaT for never. instants: (instants,).
    step_minutes: between instants, as the model was trained. samples: what lies inside the window's slots, if it is one
    of slots.
    """

    encounter: Encounter
    values: Matrix
    measured: NDArray[np.bool_]
    last_measured: NDArray[np.datetime64]
    instants: NDArray[np.datetime64]
    step_minutes: float
    samples: Samples | None = None

    @classmethod
    def of(cls, encounter: Encounter, window: Window, spec: WindowSpec) -> Raw:
        """Put the columns of a model's window in order."""
        order = slice(None) if spec.signs == SIGN_NAMES else [spec.signs.index(name) for name in SIGN_NAMES]
        values, measured = window.raw[:, order], window.measured[:, order]
        last = window.last_measured[order]
        return cls(encounter, values, measured, last, window.instants, spec.step_minutes, window.samples)

    @property
    def rows_named(self) -> str:
        """What a row of the window is."""
        return "instants" if self.samples is None else "slots"

    @property
    def recent(self) -> tuple[Matrix, NDArray[np.bool_]]:
        """Return the values, (k, 9), that levels are read from, and where each was measured.

        Of instants the last rows; of slots every sample inside them, and then the rows themselves for what was filled.
        """
        values, measured = self.values[-limits.LAST_ROWS :], self.measured[-limits.LAST_ROWS :]
        if self.samples is None:
            return values, measured
        inside = self.samples.since(self.instants[-limits.LAST_ROWS :][0])
        return np.vstack([inside, values]), np.vstack([~np.isnan(inside), np.zeros_like(measured)])


def inspect(encounter: Encounter, window: Window, spec: WindowSpec) -> tuple[ScoreWarning, ...]:
    """Read the raw window of an encounter, and give what must be known before its score is read."""
    raw = Raw.of(encounter, window, spec)
    return tuple(warning for check in CHECKS for warning in check(raw))


def _values(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of values in the last rows that endanger life, or that are hardly a patient's."""
    (values, measured), last = raw.recent, f"last {limits.LAST_ROWS} {raw.rows_named}"  # (3, 9), or more rows of slots
    danger = measured & ((values <= limits.LOW) | (values >= limits.HIGH))
    critical = danger.any(axis=0)
    unusual = (values < limits.USUAL_LOW) | (values > limits.USUAL_HIGH)
    unusual[:, limits.ECTOPY] = values[:, limits.ECTOPY] > values[:, limits.HEART_RATE]
    for sign in critical.nonzero()[0].tolist():
        values_shown = shown(values[danger[:, sign], sign].tolist(), sign)
        yield warn("critical_value", sign, f"{values_shown} in the {last}; {danger_of(sign)} is critical.")
    for sign in (unusual.any(axis=0) & ~critical).nonzero()[0].tolist():
        values_shown = shown(sorted(set(values[unusual[:, sign], sign].tolist())), sign)
        if limits.STATIC[sign] and values[-1, sign] < limits.USUAL_LOW[sign]:
            yield warn("not_adult", sign, f"{values_shown} is no adult's; the model reads adults.")
        else:
            yield warn("unusual_value", sign, f"{values_shown} in the {last}; usual is {usual_of(sign)}.")


def _implausible(raw: Raw) -> Iterator[ScoreWarning]:
    for each in raw.encounter.implausible:
        low, high = SIGNS[each.sign].limits.hard
        hard = f"{low:g} to {high:g} {SIGNS[each.sign].unit.words}"
        last = raw.encounter.as_sent(each.instants[-1])
        words = f"{each.count} of its values lay outside {hard} and were dropped, the last at {last}."
        yield warn("implausible_value", each.sign, words)


def _filled(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of signs that were filled for the most part or at the end. Temperature is charted slowly, so it may be."""
    rows = len(raw.values)
    filled = rows - raw.measured.sum(axis=0)  # (9,)
    age = (raw.instants[-1] - raw.last_measured) / MINUTE  # (9,), NaN for never
    warned = (limits.GAPS_COUNT & (filled >= limits.FILLED_SHARE * rows)) | (age > limits.OLD)
    for sign in warned.nonzero()[0].tolist():
        ago = f"{age[sign]:.0f} minutes before" if age[sign] else "at"
        words = f"{filled[sign]} of {rows} values were filled; last measured {ago} the window's end."
        yield warn("filled", sign, words)


def _flat(raw: Raw) -> Iterator[ScoreWarning]:
    flat = raw.measured.all(axis=0) & (raw.values == raw.values[0]).all(axis=0)
    for sign in limits.NEVER_FLAT:
        if flat[sign]:
            level = shown([raw.values[0, sign]], sign)
            words = (
                f"{level} in all {len(raw.values)} {raw.rows_named}. A pacemaker can do that; so can a detached sensor."
            )
            yield warn("flat_line", sign, words)


def _rates(raw: Raw) -> Iterator[ScoreWarning]:
    both = raw.measured[:, limits.HEART_RATE] & raw.measured[:, limits.PULSE]
    apart = both & (np.abs(raw.values[:, limits.HEART_RATE] - raw.values[:, limits.PULSE]) > limits.RATE_GAP)
    if apart.any() and 2 * apart.sum() >= both.sum():
        words = (
            f"over {limits.RATE_GAP:g} /min apart from {SIGNS[limits.HEART_RATE].name} "
            f"in {apart.sum()} of {both.sum()} {raw.rows_named}. "
            "Beats without a pulse can do that; so can a sensor that hangs loose."
        )
        yield warn("rate_mismatch", limits.PULSE, words)


def _conflicts(raw: Raw) -> Iterator[ScoreWarning]:
    """Warn of values of one sign and one instant of the window that lie too far apart to be one patient's."""
    instants, cells = (raw.instants, raw.measured.sum()) if raw.samples is None else raw.samples.cells
    inside = raw.encounter.instants >= instants[0]
    if inside.sum() <= cells:
        return  # no sign has two values at an instant
    signs, values = raw.encounter.signs[inside], raw.encounter.values[inside]
    rows = np.searchsorted(instants, raw.encounter.instants[inside])
    apart = spread(rows, signs, values, len(instants))  # (instants, 9)
    counts, most = (apart > limits.APART).sum(axis=0).tolist(), apart.max(axis=0).tolist()
    for sign in np.flatnonzero(counts).tolist():
        values_shown, of = shown([most[sign]], sign), f"{counts[sign]} of {len(apart)} instants"
        words = f"values of one instant up to {values_shown} apart, at {of}; the mean was used."
        yield warn("conflicting_values", sign, words)


def _sampling(raw: Raw) -> Iterator[ScoreWarning]:
    steps = np.diff(raw.instants) / MINUTE
    odd = steps[(steps < raw.step_minutes / 2) | (steps > raw.step_minutes * 2)]
    if len(odd):
        words = (
            f"{len(odd)} of {len(steps)} steps between {raw.rows_named} are under half or over twice the model's "
            f"{raw.step_minutes:g} minutes: from {steps.min():.1f} to {steps.max():.1f}."
        )
        yield ScoreWarning("irregular_sampling", None, words)


def _resampled(raw: Raw) -> Iterator[ScoreWarning]:
    if raw.samples is not None:
        words = (
            f"{raw.samples.rows} rows at {len(raw.samples.instants)} instants are denser than the model's steps; "
            f"read were each sign's last values in {len(raw.instants)} slots of {raw.step_minutes:g} minutes."
        )
        yield ScoreWarning("resampled", None, words)


def _not_entered(raw: Raw) -> Iterator[ScoreWarning]:
    for sign in (limits.STATIC & np.isnan(raw.values[-1])).nonzero()[0].tolist():
        yield warn("not_entered", sign, "was never entered. The model was given a placeholder for it.")


def _unknown_units(raw: Raw) -> Iterator[ScoreWarning]:
    for sign, unit in raw.encounter.unknown_units:
        own = SIGNS[sign].unit.words
        yield warn("unknown_unit", sign, f"the unit {unit!r} is not known; the values were taken for {own}.")


def _outrun(raw: Raw) -> Iterator[ScoreWarning]:
    encounter, end = raw.encounter, raw.instants[-1]
    if encounter.newest is not None and encounter.newest - end > np.timedelta64(limits.LATE):
        sent, last = encounter.as_sent(encounter.newest), encounter.as_sent(end)
        words = f"The window ends at {last}; rows were sent up to {sent}, without a measurement of the nine signs."
        yield ScoreWarning("stale", None, words)


Check = Callable[[Raw], Iterator[ScoreWarning]]
CHECKS: tuple[Check, ...] = (
    *(_outrun, _values, _implausible, _filled, _flat, _rates, _conflicts, _sampling, _resampled),
    *(_not_entered, _unknown_units),
)
