"""Whether a model lives by one thing that the simulator was made to do: take each away, and see what is left.

A feature is what is written for its own sake to happen before an onset: each effect of a load on a sign, and the
collapse before an arrest. Each is taken from the same patients, with the same random numbers.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from typing import Any

from fcv_api.domain.prediction import Scorer
from fcv_api.training.dataset import Horizon, cut_windows
from fcv_api.training.discrimination import ILL, NAMES, Discrimination
from fcv_api.training.evaluate import score_windows, spec_in_order
from fcv_api.training.parameters import COUPLINGS, TABLE, without
from fcv_api.training.simulate import cohort_of, first_id, simulate
from fcv_api.training.train import Progress

FEATURES = (*(name for name in COUPLINGS if not name.startswith("arousal.")), "collapse.deepest")
"""Parameters that are 0 where there is no such effect. Arousal leads to no onset."""
SEED = 3003
EVERY = 3
MOST = 0.25
"""The share of a state's AUPRC that one feature may be worth, in either direction."""
STAYS_KNOWN_BY = 5


def ablate(model: Scorer, patients: int, progress: Progress) -> dict[str, Any]:
    """Return what each feature is worth: the change of each ill state's AUPRC without it, as a share of it."""
    with_all = _precision(model, patients)
    changes: dict[str, dict[str, float]] = {}
    for done, feature in enumerate(FEATURES):
        progress("Taking features away", done, len(FEATURES))
        with without(feature):
            changes[feature] = {name: area / with_all[name] - 1 for name, area in _precision(model, patients).items()}
    progress("Taking features away", len(FEATURES), len(FEATURES))
    return _subject(model, patients) | {"auprc": with_all, "changes": changes}


def _subject(model: Scorer, patients: int) -> dict[str, Any]:
    return {
        "model": str(model.identity),
        "model_sha256": model.identity.sha256,
        "simulator": simulator_sha256(),
        "patients": patients,
        "seed": SEED,
    }


def simulator_sha256() -> str:
    """Return what tells one simulator from another: of its parameters, and of its first stays."""
    whole = hashlib.sha256(repr([(name, astuple(each)) for name, each in TABLE.items()]).encode())
    for stay in simulate(STAYS_KNOWN_BY, SEED, first_id(SEED)):
        whole.update(stay.values.tobytes() + stay.instants.tobytes())
    return whole.hexdigest()


def _precision(model: Scorer, patients: int) -> dict[str, float]:
    windows = cut_windows(
        cohort_of(simulate(patients, SEED, first_id(SEED))), spec_in_order(model), Horizon(every=EVERY)
    )
    ahead = windows.where(windows.ahead)
    found = Discrimination.of(ahead, score_windows(model, ahead), resamples=0).found
    return {NAMES[place]: float(found[place, 1]) for place in ILL}
