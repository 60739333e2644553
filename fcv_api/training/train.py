"""From a labelled cohort to a model: split, scale, fit, calibrate, import."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.evidence import TrainedOn
from fcv_api.domain.prediction import State
from fcv_api.domain.samples import Sampling
from fcv_api.domain.window import WindowSpec
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.card import card_of
from fcv_api.lstm.import_process import import_file
from fcv_api.lstm.import_request import CLASSES, ImportRequest
from fcv_api.lstm.keras_import import STEPS
from fcv_api.lstm.network import Examples, Network, Recipe, fit
from fcv_api.training.about import About, Provenance
from fcv_api.training.calibration import Calibration, calibrate, calibration_warnings
from fcv_api.training.card import written_card
from fcv_api.training.dataset import Cohort, Horizon, LabelledWindows, UnusableData, cut_windows
from fcv_api.training.flow import FlowRow
from fcv_api.training.scaling import fit_scaling, scale_windows
from fcv_api.training.split import class_mix, split_patients, worst_states

LEARNT_AFTER = 120.0
"""Minutes after an onset until which windows are learnt from: a state that stands still must be known too."""
Progress = Callable[[str, int, int], None]
"""Is called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to train. scaling: `window` or `population`. trained_on: what the patients are.

    sampling: what a slot holds where rows are denser than the model's steps.
    """

    name: str
    version: str
    scaling: str = "window"
    horizon: Horizon = field(default_factory=Horizon)
    recipe: Recipe = field(default_factory=Recipe)
    trained_on: TrainedOn = TrainedOn.UNSTATED
    about: About = field(default_factory=About)
    sampling: Sampling = Sampling.LAST

    @property
    def spec(self) -> WindowSpec:
        """How windows are cut, here and by whoever serves the model."""
        return WindowSpec(sampling=self.sampling)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Windows to learn from, and windows of other patients to stop and to calibrate by.

    worst: each patient's worst state.
    """

    train: LabelledWindows
    validation: LabelledWindows
    worst: dict[str, State]
    provenance: Provenance


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model, not saved yet, its Keras file, and how it came about, ready for JSON."""

    artifact: Artifact
    keras: bytes
    summary: dict[str, Any]
    request: ImportRequest
    flow: list[FlowRow]

    def measured(self, comparison: dict[str, Any]) -> Artifact:
        """Return the model with a card that says how it did on other patients. comparison: for `written_card`."""
        card = card_of(self.request, written_card(self.summary, comparison), _file(self.request))
        return replace(self.artifact, manifest=replace(self.artifact.manifest, card=card))


def train(cohort: Cohort, plan: Plan, progress: Progress) -> Trained:
    """Train and import a model. Raises UnusableData, KerasFileError or TrainExtraMissing; writes nothing."""
    return train_on(prepare(cohort, plan, progress), plan, progress)


def prepare(cohort: Cohort, plan: Plan, progress: Progress) -> Split:
    """Split a cohort by patient, and cut its windows. Raises UnusableData."""
    learning, holding = split_patients(cohort, plan.recipe.seed)
    train = _learnable(_cut(cohort.only(learning), plan, progress, "Cutting windows to learn from"))
    validation = _ahead(_cut(cohort.only(holding), plan, progress, "Cutting windows to calibrate by"))
    _check_classes({"learn from": train, "calibrate by": validation})
    provenance = Provenance.of(cohort, train.and_those(validation), plan.spec, plan.horizon)
    return Split(train, validation, worst_states(cohort), provenance)


def train_on(split: Split, plan: Plan, progress: Progress) -> Trained:
    """Train and import a model on windows that are cut already. Raises what `train` raises."""
    scaling, spec = fit_scaling(split.train, plan.scaling)
    network, calibration = _fit(split, spec, plan.recipe, progress)
    summary = _summarise(plan, split, (network, calibration))
    known: dict[str, Any] = {"scaling": scaling, "horizon_minutes": plan.horizon.minutes, "sampling": plan.sampling}
    said = ImportRequest(plan.name, plan.version, plan.trained_on, **known)
    request = replace(said, card=card_of(said, written_card(summary), _file(said)))
    artifact, keras = _import(network, request, progress)
    known, drift = split.provenance.known.as_manifest(), split.provenance.reference
    manifest = replace(artifact.manifest, learnt_from=known, drift=drift)
    return Trained(replace(artifact, manifest=manifest), keras, summary, request, split.provenance.flow)


def _cut(cohort: Cohort, plan: Plan, progress: Progress, what: str) -> LabelledWindows:
    def watched(loop: Iterator[Encounter], count: int) -> Iterator[Encounter]:
        for done, encounter in enumerate(loop, 1):
            yield encounter
            progress(what, done, count)

    return cut_windows(cohort, plan.spec, plan.horizon, watched)


def _learnable(windows: LabelledWindows) -> LabelledWindows:
    """Leave out windows that end long after the onset: treatment has bent by then what led to it."""
    return windows.where(~(windows.lead < -LEARNT_AFTER))


def _ahead(windows: LabelledWindows) -> LabelledWindows:
    """Keep what ends before the onset: calibration and early stopping are for prediction, not detection."""
    return windows.where(windows.ahead)


def _check_classes(sets: dict[str, LabelledWindows]) -> None:
    for purpose, windows in sets.items():
        found = np.unique(windows.label)
        if len(found) < 2:  # noqa: PLR2004
            raise UnusableData(
                f"All {len(windows)} windows to {purpose} have one class ({CLASSES[found[0]].value}); "
                "needed are two at least: more patients, or longer stays before the onset."
            )


def _fit(split: Split, spec: WindowSpec, recipe: Recipe, progress: Progress) -> tuple[Network, Calibration]:
    """Train a network and fold its calibration into it. Raises UnusableData where the training diverged."""
    train, validation = (_examples(each, spec) for each in (split.train, split.validation))
    network = fit(train, validation, recipe, lambda done, of: progress("Training, at most", done, of))
    if not np.isfinite(network.losses).all():
        raise UnusableData("The training diverged to numbers that are none; a smaller --rate may mend it.")
    calibration = calibrate(network.logits(validation[0]), validation[1])
    network.fold(calibration.temperature, calibration.bias)
    return network, calibration


def _examples(windows: LabelledWindows, spec: WindowSpec) -> Examples:
    return scale_windows(windows.raw, spec), windows.label


def _import(network: Network, request: ImportRequest, progress: Progress) -> tuple[Artifact, bytes]:
    with tempfile.TemporaryDirectory(prefix="fcv-train-") as folder:
        path = Path(folder) / _file(request)
        network.save(path)
        artifact = import_file(path, request, lambda _, done: progress("Comparing with Keras", done, STEPS))
        return artifact, path.read_bytes()


def _file(request: ImportRequest) -> str:
    return f"{request.name}--{request.version}.keras"


def _summarise(plan: Plan, split: Split, outcome: tuple[Network, Calibration]) -> dict[str, Any]:
    """Return how a model came about, in what JSON holds."""
    network, calibration = outcome
    mixes = {name: class_mix(getattr(split, name), split.worst) for name in ("train", "validation")}
    return {
        "model": f"{plan.name}/{plan.version}",
        "trained_on": plan.trained_on.value,
        "scaling": plan.scaling,
        "horizon_minutes": plan.horizon.minutes,
        "recipe": asdict(plan.recipe),
        **mixes,
        "flow": [asdict(row) for row in split.provenance.flow],
        "predictors": [asdict(each) for each in split.provenance.predictors],
        "about": plan.about.as_json(),
        "warnings": calibration_warnings(split.validation),
        "epochs": len(network.losses),
        "validation_losses": list(network.losses),
        "calibration": {
            "temperature": calibration.temperature,
            "bias": dict(zip((state.value for state in CLASSES), calibration.bias.tolist(), strict=True)),
            "log_loss_before": calibration.before,
            "log_loss_after": calibration.after,
        },
    }
