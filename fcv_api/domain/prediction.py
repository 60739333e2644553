"""What a model says of a window, what it takes to be a model here, and what an answer must warn of for their sake.

Those are the warnings of when it is asked for, by what model, and how sure that is; `quality` has the raw window's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from operator import itemgetter
from typing import NoReturn, Protocol

import numpy as np

from fcv_api.domain.errors import ModelOutput, Unscorable
from fcv_api.domain.evidence import Evidence, TrainedOn
from fcv_api.domain.window import Matrix, Window, WindowSpec
from fcv_api.domain.words import ScoreWarning, warn

SUM_TOLERANCE = 1e-3
FUTURE = timedelta(minutes=2)  # what two clocks of one hospital may differ by
SURE, LEAD = 0.5, 0.1
DIGITS = 6  # of a probability: the rest is rounding


class State(Enum):
    """The four classes. NONE_OF_THESE is the absence of the other three, not health."""

    CARDIAC_ARREST = "cardiac_arrest"
    LOW_CARDIAC_OUTPUT = "low_cardiac_output"
    NONE_OF_THESE = "none_of_these"
    CARDIOGENIC_SHOCK = "cardiogenic_shock"


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model, to the bit: `sha256` is that of its flatbuffer."""

    name: str
    version: str
    sha256: str
    evidence: Evidence = Evidence.UNVALIDATED
    trained_on: TrainedOn = TrainedOn.UNSTATED

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    @property
    def standing(self) -> str:
        """Its evidence and what it learnt from, in words."""
        unproved = ", which no report proves" if self.evidence is Evidence.STATED else ""
        return f"{self.evidence.value}{unproved}, trained on: {self.trained_on.value}"

    def is_same(self, other: ModelIdentity) -> bool:
        """Whether the other one is this model to the bit; what is known of it may have changed since."""
        return (self.name, self.version, self.sha256) == (other.name, other.version, other.sha256)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The probabilities of the four states for one encounter's window."""

    encounter: int
    probabilities: dict[State, float]
    window: Window
    model: ModelIdentity
    warnings: tuple[ScoreWarning, ...] = ()

    @property
    def state(self) -> State:
        """The most probable state, with no threshold."""
        return most_probable(self.probabilities)

    def or_raise(self) -> Prediction:
        """Return itself: the counterpart of `Refusal.or_raise`."""
        return self


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one encounter was not scored: a value, so that it can be recorded and stand beside predictions."""

    encounter: int
    reason: Unscorable

    def or_raise(self) -> NoReturn:
        """Raise the reason."""
        raise self.reason


class Scorer(Protocol):
    """A model, ready to score."""

    @property
    def identity(self) -> ModelIdentity: ...

    @property
    def spec(self) -> WindowSpec: ...

    @property
    def classes(self) -> tuple[State, ...]:
        """The state that each of the model's outputs stands for."""

    def score(self, scaled: Matrix) -> Matrix:
        """Return the model's outputs, (4,), for one scaled window, (instants, 9)."""


class Models(Protocol):
    """Where the models are."""

    def active(self) -> Scorer:
        """Return the model that answers now. Raises NoModel when there is none."""

    def at(self, model: ModelIdentity) -> Scorer:
        """Return the very model of a name, version and sha256. Raises NoModel when it is not here."""

    def verify(self) -> None:
        """Run the active model's golden windows. Raises NoModel when they do not come out."""

    def manifest(self) -> object:
        """Return what is known of the active model. Raises NoModel when there is none."""

    def problem(self) -> str:
        """Return what is wrong although the active model answers; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """In what an answer is given.

    now: with its offset; None where nobody waits for the answer, as for a file of the past.
    stale_after: how long before `now` a window may end.
    warn_unvalidated: warn where no real patients are behind the model.
    """

    now: datetime | None = None
    stale_after: timedelta = timedelta(minutes=15)
    warn_unvalidated: bool = False

    def warnings(self, window: Window, model: ModelIdentity) -> Iterator[ScoreWarning]:
        """Return what they add to an answer."""
        yield from self.of_model(model)
        age = timedelta(0) if self.now is None else self.now - window.end
        if age > self.stale_after:
            yield warn("stale.old", None, {"minutes": _minutes(age)})
        if -age > FUTURE:
            yield warn("stale.future", None, {"minutes": _minutes(-age)})

    def of_model(self, model: ModelIdentity) -> Iterator[ScoreWarning]:
        """Return what they add to every answer of a model."""
        if self.warn_unvalidated:
            yield from _unvalidated(model)


OFFLINE = AnswerContext()


@lru_cache(maxsize=8)
def _unvalidated(model: ModelIdentity) -> tuple[ScoreWarning, ...]:
    """Return the warning that no report proves a model, once made: it is the same in every answer."""
    words = {"model": str(model), "evidence": model.standing}
    return () if model.evidence.validated else (warn("unvalidated_model", None, {}, words),)


def _minutes(time: timedelta) -> int:
    return round(time / timedelta(minutes=1))


def most_probable(probabilities: dict[State, float]) -> State:
    """Return the state of the largest probability, with no threshold."""
    state, _ = max(probabilities.items(), key=itemgetter(1))  # to look a state up is slow: Python hashes its name
    return state


def are_probabilities(outputs: Matrix) -> bool:
    """Return whether a model's outputs are four finite probabilities that sum to 1."""
    return bool(
        outputs.shape == (len(State),)
        and np.isfinite(outputs).all()
        and (outputs >= 0).all()
        and abs(float(outputs.sum()) - 1) <= SUM_TOLERANCE
    )


def probabilities_of(outputs: Matrix, model: Scorer) -> dict[State, float]:
    """Name a model's outputs. Raises ModelOutput unless they are four finite probabilities that sum to 1."""
    if not are_probabilities(outputs):
        raise ModelOutput(str(model.identity))
    return dict(zip(model.classes, outputs.tolist(), strict=True))


def undecided(probabilities: dict[State, float]) -> Iterator[ScoreWarning]:
    """Warn of a model that does not tell the states apart."""
    first, second = sorted(probabilities.values(), reverse=True)[:2]
    lead = round(first - second, DIGITS)
    if round(first, DIGITS) < SURE or lead < LEAD:
        yield warn("undecided", None, {"largest": first, "lead": lead})
