"""What a bed's monitors send of a simulated stay: row by row, each sign at seconds of its own. Pure, and by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.vitals import SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.training.artefacts import MOVING, TEMPERATURE
from fcv_api.training.monitor import DECIMALS
from fcv_api.training.simulate import Stay

SECOND = 1_000_000
MINUTE = 60 * SECOND
READINGS_A_MINUTE = {**dict.fromkeys(MOVING, 2), TEMPERATURE: 1}
"""13 rows a minute while all sensors are on. Height and weight are entered once, at admission."""
STATIC = tuple(sign for sign in range(len(SIGNS)) if SIGNS[sign].static)


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What was measured of one stay, by time. signs: (n,), places in `vitals.SIGNS`. at: (n,), microseconds, UTC."""

    signs: NDArray[np.intp]
    at: NDArray[np.int64]
    values: NDArray[np.float64]


def readings_of(stay: Stay, start: int, minutes: int, dice: np.random.Generator) -> Readings:
    """Return what monitors send in the first minutes of a stay, as if it had begun at `start`, in microseconds.

    The simulator scans every five minutes. Between two scans a sign lies on the line between them, rounded as monitors
    do; where one of them lacks it, a sensor was off, and nothing is sent. After the stay's last scan nothing comes.
    """
    scans = start + (stay.instants - stay.instants[0]).astype("timedelta64[us]").astype(np.int64)
    found = [_entered(stay.values[:, sign], scans, sign) for sign in STATIC]
    found += [_sensed(stay.values, scans, sign, _times(sign, start, minutes, dice)) for sign in READINGS_A_MINUTE]
    signs, at, values = map(np.concatenate, zip(*found, strict=True))
    order = np.lexsort((signs, at))
    order = order[at[order] < start + minutes * MINUTE]
    return Readings(signs[order], at[order], values[order])


Column = tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.float64]]
"""Signs, times and values of one sign's readings, (n,) each."""


def _times(sign: int, start: int, minutes: int, dice: np.random.Generator) -> NDArray[np.int64]:
    """Return when a sign is read: at the same seconds of each minute, which are the sign's own."""
    count = READINGS_A_MINUTE[sign]
    seconds = dice.integers(1, 60 // count) + np.arange(count) * (60 // count)
    at = start + (np.arange(minutes)[:, None] * 60 + seconds) * SECOND
    return at.ravel().astype(np.int64)


def _sensed(table: Matrix, scans: NDArray[np.int64], sign: int, at: NDArray[np.int64]) -> Column:
    """Return what a sensor reads. table: (t, 9). scans: (t,), ascending. at: (n,). Returns fewer where it was off.

    A value that stands alone, such as a charted temperature, is read in the minute after its scan only.
    """
    column = table[:, sign]
    before = np.searchsorted(scans, at, side="right") - 1
    at, before = at[before >= 0], before[before >= 0]
    after = np.minimum(before + 1, len(scans) - 1)
    since, step = at - scans[before], np.maximum(scans[after] - scans[before], 1)
    line = column[before] + (column[after] - column[before]) * (since / step)
    alone = np.where(since < MINUTE, column[before], np.nan)
    values = np.round(np.where(np.isnan(line), alone, line), DECIMALS.get(sign, 0))
    on = ~np.isnan(values) & (at < scans[-1] + MINUTE)
    return np.full(int(on.sum()), sign), at[on], values[on]


def _entered(column: NDArray[np.float64], scans: NDArray[np.int64], sign: int) -> Column:
    """Return the one reading of a height or weight: of the scan by which somebody had entered it."""
    at = np.flatnonzero(~np.isnan(column))[:1]
    return np.full(len(at), sign), scans[at], column[at]
