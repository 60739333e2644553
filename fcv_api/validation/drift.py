"""Whether a model is given today what it was given when it was measured: signs, gaps and refusals.

Verdicts go by the size of an effect and its interval over patients, not by how many windows there are: of millions of
windows any difference is significant, and most of them mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import rel_entr

from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.domain.window import Matrix
from fcv_api.training.metrics import ENDS_95
from fcv_api.training.observed import Observed, Tally, read_reference

MODERATE, LARGE = 0.1, 0.25
"""Of the population stability index, by custom (Siddiqi, Credit Risk Scorecards, 2006)."""
SHIFT = 0.1
"""Of a share of windows with gaps, or of refused windows: engineering judgement until a clinician signs it."""
FEWEST_PATIENTS = 20
DRAWS = 400
SMOOTHED = 0.5
"""Patients that each bin is given, so that a bin without one is rare and not impossible."""
NONE_SEEN, DRIFT, LARGE_DRIFT, UNTOLD = "no drift seen", "drift", "large drift", "cannot be told"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was compared. what: `distribution`, `gaps` or `refusals`. sign: empty for refusals.

    value, low, high: of the index, or of the difference of shares. now, reference: medians, or shares.
    """

    what: str
    sign: str
    value: float
    low: float
    high: float
    verdict: str
    now: float
    reference: float


def compare_with(reference: dict[str, Any], observed: Observed) -> list[Finding]:
    """Hold what is given today against a manifest's reference."""
    edges, before = read_reference(reference)
    now = Tally.of(observed, edges)
    drawn = [_draw(each, seed) for seed, each in enumerate((before, now), 1)]
    wholes = [each.drawn(np.ones((1, len(each.windows)))) for each in (before, now)]
    few = min(each.patients.sum() for each in (before, now)) < FEWEST_PATIENTS
    return [
        *_distributions(edges, (before, wholes, drawn), observed, few=few),
        *_shares(wholes, drawn, few=few),
    ]


def stability_index(before: Tally, now: Tally, sign: int) -> Matrix:
    """Return the population stability index of a sign, (r,): the sum over bins of (p - q) ln(p / q)."""
    p, q = (_smoothed(each.bins[:, sign], each.patients) for each in (before, now))
    index: Matrix = (rel_entr(p, q) + rel_entr(q, p)).sum(axis=1)
    return index


def _draw(tally: Tally, seed: int) -> Tally:
    return tally.resampled(DRAWS, seed)


def _smoothed(bins: Matrix, patients: Matrix) -> Matrix:
    """Return shares of bins, (r, b), each patient counting for one, and half a patient in each bin."""
    total = np.maximum(bins.sum(axis=1, keepdims=True), 1)
    given = bins / total * patients[:, np.newaxis] + SMOOTHED
    shares: Matrix = given / given.sum(axis=1, keepdims=True)
    return shares


Pair = list[Tally]


def _distributions(
    edges: list[list[float]], tallies: tuple[Tally, Pair, Pair], observed: Observed, *, few: bool
) -> Iterator[Finding]:
    groups, wholes, drawn = tallies
    for sign, name in enumerate(SIGN_NAMES):
        if not edges[sign] or not wholes[1].bins[0, sign].sum():
            continue
        value = float(stability_index(wholes[0], wholes[1], sign)[0])
        low, high = _pivotal(value, stability_index(drawn[0], drawn[1], sign))
        low = min(low, value - _usual_index(groups, wholes, sign))
        verdict = LARGE_DRIFT if low > LARGE else DRIFT if low > MODERATE else NONE_SEEN
        medians = float(np.nanmedian(observed.last[:, sign])), edges[sign][len(edges[sign]) // 2]
        yield Finding("distribution", name, value, max(low, 0.0), high, UNTOLD if few else verdict, *medians)


def _usual_index(groups: Tally, wholes: Pair, sign: int) -> float:
    """Return what the reference's own groups differ by from it, at most in 95 of 100, for as many patients as today's.

    Of patients who are each the same throughout a stay an index is large without drift. It falls with their number.
    """
    usual = np.quantile(stability_index(wholes[0], groups, sign), 1 - (1 - ENDS_95[1]) * 2)
    return float(usual * groups.patients.mean() / wholes[1].patients[0])


def _shares(wholes: Pair, drawn: Pair, *, few: bool) -> Iterator[Finding]:
    kinds = [("gaps", sign, name) for sign, name in enumerate(SIGN_NAMES)] + [("refusals", 0, "")]
    for what, sign, name in kinds:
        before, now = (float(_share(each, what, sign)[0]) for each in wholes)
        shifts = _share(drawn[1], what, sign) - _share(drawn[0], what, sign)
        low, high = _pivotal(now - before, shifts)
        moved = low > SHIFT or high < -SHIFT
        verdict = DRIFT if moved else NONE_SEEN
        yield Finding(what, name, now - before, low, high, UNTOLD if few else verdict, now, before)


def _share(tally: Tally, what: str, sign: int) -> Matrix:
    """Return the share of windows with a sign's gap, or of those that were refused, (r,)."""
    above, below = (tally.refused, tally.asked) if what == "refusals" else (tally.gaps[:, sign], tally.windows)
    share: Matrix = above / np.maximum(below, 1)
    return share


def _pivotal(value: float, draws: Matrix) -> tuple[float, float]:
    """Return the pivotal interval: an index of drawn patients is too large, by as much as the index itself is."""
    lower, upper = np.quantile(draws, ENDS_95).tolist()
    return 2 * value - upper, 2 * value - lower
