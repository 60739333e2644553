"""When a model would ring: at each window above a threshold, and then not for 30 minutes.

`burden.py` says what that is worth.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.training.dataset import MINUTE, NONE, LabelledWindows
from fcv_api.training.metrics import Labels, Mask, Vector

SILENCE = 30.0
"""Minutes after an alarm in which the same encounter rings no more."""
BEFORE = 120.0
"""An alarm this many minutes before the onset, or fewer, found it."""
RATES = (0.05, 0.2)
"""Alarms per patient-hour: about one a bed and day, and about five."""


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """Windows in the order of their encounters and ends, with what a model said of each.

    score: (n,), higher is worse. encounter: (n,). minute: (n,) of the window's end. lead: (n,) minutes to the onset.
    state: (n,) the state that the encounter comes to, `NONE` where there is none or no window is near it.
    patient: (n,) whose window it is.
    """

    score: Vector
    encounter: NDArray[np.int64]
    minute: Vector
    lead: Vector
    state: Labels
    patient: NDArray[Any]

    @classmethod
    def of(cls, windows: LabelledWindows, score: Vector, *, whole: bool = False) -> Watch:
        """Watch the windows that end before an onset, or those of whole stays. score: (n,), for all of `windows`."""
        watched = np.flatnonzero(windows.ahead | whole)
        order = watched[np.lexsort((windows.end[watched], windows.encounter[watched]))]
        minute = (windows.end[order] - windows.end.min()) / MINUTE
        encounter, patient = windows.encounter[order], windows.patient[order]
        return cls(score[order], encounter, minute, windows.lead[order], _states(windows)[order], patient)

    def only(self, wanted: Mask) -> Watch:
        """Keep some of the windows. wanted: (n,)."""
        return Watch(**{each.name: getattr(self, each.name)[wanted] for each in fields(self)})

    @property
    def hours(self) -> float:
        """The patient-hours watched: each window stands for the usual time to the next one."""
        return len(self.score) * self.step / 60

    @property
    def step(self) -> float:
        """The usual minutes from a window to the next one of the same encounter."""
        steps = np.diff(self.minute)[np.diff(self.encounter) == 0]
        return float(np.median(steps)) if len(steps) else 0.0

    def alarms(self, threshold: float) -> NDArray[np.intp]:
        """Return the positions of the windows that ring."""
        rung: list[int] = []
        for place in np.flatnonzero(self.score >= threshold).tolist():
            last = rung[-1] if rung else None
            quiet = last is not None and self.encounter[last] == self.encounter[place]
            if last is None or not quiet or self.minute[place] - self.minute[last] >= SILENCE:
                rung.append(place)
        return np.array(rung, dtype=np.intp)

    def threshold_for(self, rate: float) -> float:
        """Find the lowest threshold with at most `rate` alarms per patient-hour; infinity where each has more."""
        levels = np.append(np.unique(self.score), np.inf)
        low, high = -1, len(levels) - 1  # `high` keeps the rate: nothing reaches infinity
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if len(self.alarms(levels[middle])) <= rate * self.hours else (middle, high)
        return float(levels[high])

    @property
    def soon(self) -> Mask:
        """(n,), true where the onset is ahead and at most `BEFORE` minutes away. False for NaN, no onset."""
        soon: Mask = (self.lead > 0) & (self.lead <= BEFORE)
        return soon


def _states(windows: LabelledWindows) -> Labels:
    """Return (n,): the state that each window's encounter comes to."""
    names, index = np.unique(windows.encounter, return_inverse=True)
    state = np.full(len(names), NONE, dtype=np.intp)
    ill = windows.label != NONE
    state[index[ill]] = windows.label[ill]
    return state[index]
