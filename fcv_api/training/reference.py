"""The reference model: from a seed to a measured model with its card. All patients are simulated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from fcv_api.domain.evidence import TrainedOn
from fcv_api.domain.window import Matrix
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.network import Recipe
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.training.dataset import Horizon, LabelledWindows, cut_windows
from fcv_api.training.evaluate import compare, score_windows, spec_in_order
from fcv_api.training.simulate import cohort_of, simulate
from fcv_api.training.split import class_mix, worst_states
from fcv_api.training.train import Plan, Progress, Trained, prepare, train_on

SCALINGS = ("population", "window")
LEARN_SEED, TEST_SEED = 1, 2
FIRST_TEST_ID = 10_000_000
"""Above every patient to learn from, so that no two share an id."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much to spend. patients: to learn from and to calibrate by. tested: others, to measure on."""

    patients: int = 16_000
    tested: int = 1000
    recipe: Recipe = field(default_factory=lambda: Recipe(epochs=25))


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The better of both models, and the comparison of both and the baselines, as `report.write_report` takes it."""

    artifact: Artifact
    comparison: dict[str, Any]
    trainings: dict[str, dict[str, Any]]


def make_reference(plan: Plan, budget: Budget, progress: Progress) -> Reference:
    """Train with either scaling on the same patients, measure both on others, and keep the better. Writes nothing.

    plan: name and version; the rest of it is fixed here.
    """
    plan = replace(plan, recipe=budget.recipe, horizon=Horizon(every=3), trained_on=TrainedOn.SIMULATED)
    split = prepare(cohort_of(simulate(budget.patients, LEARN_SEED)), plan, progress)
    trained = {scaling: train_on(split, replace(plan, scaling=scaling), progress) for scaling in SCALINGS}
    others = cohort_of(simulate(budget.tested, TEST_SEED, FIRST_TEST_ID))
    model = LiteRtModel(trained[SCALINGS[0]].artifact)
    windows = cut_windows(others, spec_in_order(model), Horizon(plan.horizon.minutes))
    progress("Measuring", 0, 1)
    scores = {_named(plan, scaling): _scores(each, windows) for scaling, each in trained.items()}
    comparison = compare(windows, scores, split.train)
    best = max(SCALINGS, key=lambda scaling: macro_auroc(comparison, _named(plan, scaling)))
    comparison |= {"model": _named(plan, best), "test": class_mix(windows.where(windows.ahead), worst_states(others))}
    progress("Measuring", 1, 1)
    summaries = {scaling: each.summary for scaling, each in trained.items()}
    return Reference(trained[best].measured(comparison), comparison, summaries)


def macro_auroc(comparison: dict[str, Any], scorer: str) -> float:
    """Return the mean over the classes of one scorer's AUROC."""
    value: float = comparison["scorers"][scorer]["auroc"]["macro"]["value"]
    return value


def _named(plan: Plan, scaling: str) -> str:
    return f"{plan.name}/{plan.version} ({scaling} scaling)"


def _scores(trained: Trained, windows: LabelledWindows) -> Matrix:
    return score_windows(LiteRtModel(trained.artifact), windows)
