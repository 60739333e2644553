"""What a ward would hear of a model: how often it rings, whom it finds, and how long before.

An encounter is silent for 30 minutes after each alarm. Only windows that end before an onset are asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.training.dataset import MINUTE, LabelledWindows
from fcv_api.training.metrics import Mask, Vector

SILENCE = 30.0
"""Minutes after an alarm in which the same encounter rings no more."""
BEFORE = 120.0
"""An alarm this many minutes before the onset, or fewer, found it."""
RATES = (0.05, 0.2)
"""Alarms per patient-hour: about one a bed and day, and about five."""
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """Windows in the order of their encounters and ends, with what a model said of each.

    score: (n,), higher is worse. encounter: (n,). minute: (n,) of the window's end. lead: (n,) minutes to the onset.
    """

    score: Vector
    encounter: NDArray[np.int64]
    minute: Vector
    lead: Vector

    @classmethod
    def of(cls, windows: LabelledWindows, score: Vector) -> Watch:
        """Watch the windows that end before an onset. score: (n,), for all of `windows`."""
        ahead = np.flatnonzero(windows.ahead)
        order = ahead[np.lexsort((windows.end[ahead], windows.encounter[ahead]))]
        minute = (windows.end[order] - windows.end.min()) / MINUTE
        return cls(score[order], windows.encounter[order], minute, windows.lead[order])

    @property
    def hours(self) -> float:
        """The patient-hours watched: each window stands for the usual time to the next one."""
        same = np.diff(self.encounter) == 0
        steps = np.diff(self.minute)[same]
        return len(self.score) * (float(np.median(steps)) if len(steps) else 0.0) / 60

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
        """(n,), true where the onset is at most `BEFORE` minutes away. False for NaN, no onset."""
        soon: Mask = self.lead <= BEFORE
        return soon


def at_rate(watch: Watch, rate: float) -> dict[str, Any]:
    """Return what a model finds at some alarms per patient-hour.

    sensitivity: the share of encounters with an onset, and with a window in the 120 minutes before it, that rang there.
    lead_minutes: quartiles, over the encounters found, of the time from the first such alarm to the onset.
    """
    threshold = watch.threshold_for(rate)
    rung = watch.alarms(threshold)
    onsets = np.unique(watch.encounter[watch.soon])
    found = rung[watch.soon[rung]]
    caught, first = np.unique(watch.encounter[found], return_index=True)
    leads = watch.lead[found][first]
    return {
        "alarms_per_patient_hour": len(rung) / watch.hours if watch.hours else float("nan"),
        "at_most": rate,
        "threshold": threshold,
        "patient_hours": watch.hours,
        "onsets": len(onsets),
        "found": len(caught),
        "sensitivity": len(caught) / len(onsets) if len(onsets) else float("nan"),
        "false_alarms": float(np.mean(~watch.soon[rung])) if len(rung) else float("nan"),
        "lead_minutes": np.quantile(leads, QUARTILES).tolist() if len(leads) else [],
        "leads": leads.tolist(),
    }
