"""Fit a model's probabilities to a hospital's early patients, and show on the late ones what it did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.attest import FEWEST_EVENTS
from fcv_api.lstm.import_request import CLASSES
from fcv_api.lstm.refit import LEAST, Refit, refitted
from fcv_api.training.calibration import calibrate
from fcv_api.training.dataset import UnusableData
from fcv_api.training.fingerprints import Fingerprints, texts_of_stay
from fcv_api.training.report_members import events
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.split import Split

KINDS = ("intercept", "slope")
FEWEST = 50
"""Events of the early part: under that a refit follows chance (Steyerberg, Clinical Prediction Models, chapter 20)."""


def fit_refit(gathered: Gathered, split: Split, kind: str) -> Refit:
    """Fit on the early part alone, before onsets. Raises UnusableData under 50 events, or 20 of a state."""
    if split.at is None:
        raise UnusableData(
            "A refit needs a part to be fitted on and a later one to be measured on: leave --split none."
        )
    early = gathered.windows.where(split.early)
    counts = events(early)
    if sum(counts.values()) < FEWEST or min(counts.values()) < FEWEST_EVENTS:
        named = ", ".join(f"{count} of {state}" for state, count in counts.items())
        raise UnusableData(
            f"A refit needs {FEWEST} events before the late part, and {FEWEST_EVENTS} of each state; there are {named}."
        )
    ahead = early.ahead
    logits = np.log(np.maximum(gathered.probabilities[split.early][ahead].astype(np.float64), LEAST))
    fitted = calibrate(logits, early.label[ahead].astype(np.intp), slope=kind == "slope")
    ends = (early.end.min(), early.end.max())
    first, last = (np.datetime_as_string(each, unit="s") + "Z" for each in ends)
    about = {"events": counts, "first": first, "last": last, "windows": int(ahead.sum())}
    return Refit(kind, 1 / fitted.temperature, fitted.bias, about)


def save_refit(parent: Artifact, refit: Refit, version: str, of: tuple[Gathered, Split]) -> Artifact:
    """Return the refitted model. It has learnt from the early part, so its fingerprints are those patients' too."""
    manifest = parent.manifest
    order = [CLASSES.index(state) for state in manifest.classes]
    child = refitted(parent, replace(refit, bias=refit.bias[order]), version)
    known = Fingerprints.read(manifest.learnt_from) if manifest.learnt_from else Fingerprints.none()
    learnt = known.and_those(_texts_of_early(*of)).as_manifest()
    if not manifest.learnt_from or manifest.learnt_from.get("incomplete"):
        learnt |= {"incomplete": True}  # nobody knows from whom its parent learnt
    return replace(child, manifest=replace(child.manifest, learnt_from=learnt))


def apply_refit(probabilities: NDArray[Any], refit: Refit) -> NDArray[np.float32]:
    """Return what the refitted model would have answered, (n, 4) by `CLASSES`."""
    return refit.apply(probabilities.astype(np.float64)).astype(np.float32)


def _texts_of_early(gathered: Gathered, split: Split) -> set[str]:
    ids = np.unique(gathered.windows.encounter[split.early]).tolist()
    stays = [gathered.stays[each] for each in ids]
    return {text for each in stays for text in texts_of_stay(each.encounter, each.first, each.patient)}
