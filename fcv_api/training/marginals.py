"""What simulated stays look like beside the limits of `domain/vitals.py`: a report for whoever doubts the simulator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import SIGNS, Sign
from fcv_api.domain.window import Matrix
from fcv_api.training.simulate import Stay

LAGS = (1, 12)
"""Scans: 5 minutes and an hour."""
HEAD = (
    *("sign", "median (5 to 95 %)", "usual", "outside usual", "danger", "in danger"),
    *("autocorrelation at 5 min", "at 60 min"),
)


@dataclass(frozen=True, slots=True)
class Marginal:
    """One sign over all scans of some stays.

    quantiles: at 5, 50 and 95 %. unusual, dangerous: the share of values outside the usual limits, and in the danger
    range. autocorrelations: at `LAGS`, of what is left when each stay's own mean is taken off; NaN for a static sign.
    """

    sign: Sign
    quantiles: tuple[float, float, float]
    unusual: float
    dangerous: float
    autocorrelations: tuple[float, ...]


def marginals(stays: Iterable[Stay]) -> list[Marginal]:
    """Describe each sign over all scans of some stays."""
    kept = [stay.values for stay in stays]
    return [_marginal(sign, [values[:, index] for values in kept]) for index, sign in enumerate(SIGNS)]


def report(stays: list[Stay]) -> str:
    """Write two Markdown tables: of the stays without an onset, and of all."""
    quiet = [stay for stay in stays if stay.state is State.NONE_OF_THESE]
    titles = {f"{len(quiet)} stays without an onset": quiet, f"All {len(stays)} stays": stays}
    return "\n".join(f"{title}:\n\n{_table(marginals(each))}" for title, each in titles.items() if each)


def _table(found: list[Marginal]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *map(_row, found)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _marginal(sign: Sign, series: list[NDArray[np.float64]]) -> Marginal:
    every = np.concatenate(series)
    values, limits = every[~np.isnan(every)], sign.limits
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95)).tolist()
    return Marginal(
        sign,
        (low, middle, high),
        float(((values < limits.usual[0]) | (values > limits.usual[1])).mean()),
        float(((values <= limits.low) | (values >= limits.high)).mean()),
        tuple(float("nan") if sign.static else _autocorrelation(series, lag) for lag in LAGS),
    )


def _autocorrelation(series: list[Matrix], lag: int) -> float:
    """Correlate each scan with the one `lag` scans later, in the same stay, where both were measured."""
    pairs = [np.stack([each[:-lag], each[lag:]]) - np.nanmean(each) for each in series if not np.isnan(each).all()]
    both = np.concatenate(pairs, axis=1)
    both = both[:, ~np.isnan(both).any(axis=0)]
    return float((both[0] * both[1]).mean() / (both**2).mean())


def _row(each: Marginal) -> tuple[str, ...]:
    low, middle, high = (f"{value:.3g}" for value in each.quantiles)
    limits = each.sign.limits
    danger = [f"{word} {limit:g}" for limit, word in ((limits.low, "<="), (limits.high, ">=")) if isfinite(limit)]
    return (
        f"`{each.sign.name}`",
        f"{middle} ({low} to {high})",
        f"{limits.usual[0]:g} to {limits.usual[1]:g}" if isfinite(limits.usual[1]) else "up to the heart rate",
        f"{each.unusual:.2%}",
        " or ".join(danger) or "-",
        f"{each.dangerous:.2%}" if danger else "-",
        *("-" if np.isnan(value) else f"{value:.2f}" for value in each.autocorrelations),
    )
