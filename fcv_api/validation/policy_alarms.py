"""When a policy would have rung for the windows that are measured: by the code that alerts, stay by stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.policy import Assessment, Policy
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.alarms import Watch
from fcv_api.training.burden import Rung, heard
from fcv_api.training.dataset import LabelledWindows
from fcv_api.training.policy_burden import Assessed, Heard
from fcv_api.validation.gathered import Gathered, Warned

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Followed:
    """A policy, and the sha256 of its file."""

    policy: Policy
    sha256: str

    def as_json(self) -> Members:
        """Return it as a report holds it."""
        policy = self.policy
        return {
            "policy": str(policy),
            "sha256": self.sha256,
            "silence_minutes": policy.silence_minutes,
            "warnings": list(policy.warnings),
            "threshold": policy.threshold,
            "thresholds": {state.value: least for state, least in policy.thresholds},
        }


def read_by(policy: Policy, warnings: Iterable[tuple[str, str | None]]) -> Warned:
    """Return the warnings of a window that a policy reads."""
    return tuple(each for each in warnings if each[0] in policy.warnings or ":".join(map(str, each)) in policy.warnings)


def rung_by(policy: Policy, gathered: Gathered, positions: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return, (p,), which windows at some positions a policy raises an alert for. It follows each stay by itself."""
    windows = gathered.windows.where(positions)
    order = np.lexsort((windows.end, windows.encounter))
    rang = np.zeros(len(positions), dtype=np.bool_)
    rang[order] = Heard.of(policy, _assessed(gathered, positions[order])).rang
    return rang


def _assessed(gathered: Gathered, positions: NDArray[np.intp]) -> Iterator[Assessed]:
    ends = gathered.windows.end.astype(np.int64)
    for at in positions.tolist():
        number = int(gathered.windows.encounter[at])
        said = dict(zip(CLASSES, gathered.probabilities[at].tolist(), strict=True))
        warnings = gathered.warnings[gathered.warned[at]]
        yield Assessed((number, 0), number, Assessment(int(ends[at]), said, warnings))


def heard_by(policy: Policy, windows: LabelledWindows, rang: NDArray[np.bool_]) -> Members:
    """Return what a ward hears of a policy, as of a threshold. rang: (n,)."""
    before, whole = (Watch.of(windows, rang.astype(np.float64), whole=each) for each in (False, True))
    found = heard(Rung(before, np.flatnonzero(before.score)), Rung(whole, np.flatnonzero(whole.score)))
    rate = found["alarms_per_patient_hour"] if before.hours else 0.0
    return {"at_most": rate, "policy": str(policy), "threshold": policy.threshold, **found}
