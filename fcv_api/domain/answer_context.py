"""What an answer must warn of besides the raw window: when it is asked for, by what model, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from fcv_api.domain.prediction import ModelIdentity, ScoreWarning, State
from fcv_api.domain.window import Window

FUTURE = timedelta(minutes=2)  # what two clocks of one hospital may differ by
SURE, LEAD = 0.5, 0.1
DIGITS = 6  # of a probability: the rest is rounding


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
            yield ScoreWarning("stale", None, f"The window ended {_minutes(age)} ago: this is no score of now.")
        if -age > FUTURE:
            words = f"The window ends {_minutes(-age)} in the future: a clock or a time zone is wrong."
            yield ScoreWarning("stale", None, words)

    def of_model(self, model: ModelIdentity) -> Iterator[ScoreWarning]:
        """Return what they add to every answer of a model."""
        if self.warn_unvalidated and not model.evidence.validated:
            detail = f"Model {model} was never validated on real patients (evidence: {model.standing})."
            yield ScoreWarning("unvalidated_model", None, f"{detail} Do not act on this score.")


OFFLINE = AnswerContext()


def _minutes(time: timedelta) -> str:
    return f"{time / timedelta(minutes=1):.0f} minutes"


def undecided(probabilities: dict[State, float]) -> Iterator[ScoreWarning]:
    """Warn of a model that does not tell the states apart."""
    first, second = sorted(probabilities.values(), reverse=True)[:2]
    lead = round(first - second, DIGITS)
    if round(first, DIGITS) < SURE or lead < LEAD:
        words = (
            f"The largest probability is {first:.2f}, and leads by {lead:.2f}: the model hardly tells the states apart."
        )
        yield ScoreWarning("undecided", None, words)
