"""A record that two models answered, made up: whose onsets each finds is known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from recorded import PREDICTION

from fcv_api.domain.policy import Assessment, Policy
from fcv_api.domain.prediction import State
from fcv_api.ledger.record import Record
from fcv_api.training.dataset import Horizon
from fcv_api.training.report_members import ILL
from fcv_api.validation.trial_windows import Trial, TrialGatherer, Tried
from fcv_api.wire.outcomes import StayOutcome

START = np.datetime64("2025-01-01T00:00:00", "us")
DAY, STEP = np.timedelta64(1, "D"), np.timedelta64(5, "m")
WINDOWS, EACH, WELL = 20, 20, 40
STATES = [State(name) for name in ILL]
FILLER = Record(*[None] * len(Record._fields))  # type: ignore[arg-type]


def text(moment: np.datetime64) -> str:
    return f"{np.datetime_as_string(moment, unit='us')}Z"


def record(encounter: int, end: np.datetime64, **changes: object) -> Record:
    """Return a record of a window that ended at some instant."""
    said = {name: each for name, each in PREDICTION._asdict().items() if name in Record._fields}
    times = {"window_first": text(end - np.timedelta64(95, "m")), "window_last": text(end), "at": text(end)}
    return FILLER._replace(**(said | times | {"encounter": encounter} | changes))


def probabilities(ill: float, state: State) -> dict[State, float]:
    """Return what a model says: so much of one state, and a little of the others."""
    rest = (1 - ill) / 20
    return dict.fromkeys(State, rest) | {state: ill, State.NONE_OF_THESE: 1 - ill - 2 * rest}


def tried(encounter: int, place: int, said: tuple[float, float], state: State = State.CARDIAC_ARREST) -> Tried:
    """Return the window at a place of a stay, and how ill each model calls it."""
    end = START + encounter * DAY + place * STEP
    at = int(end.astype(np.int64))
    answered, candidate = (Assessment(at, probabilities(each, state)) for each in said)
    return Tried(record(encounter, end), (encounter, 1), (answered, candidate), (None, None))


def stays(found: tuple[float, float], each: int = EACH, well: int = WELL, seed: int = 1) -> Iterator[list[Tried]]:
    """Yield `each` stays of every ill state and others. found: the share of onsets that each model finds."""
    dice = np.random.default_rng(seed)
    states = [*np.repeat(np.arange(3), each).tolist(), *[None] * well]
    for number, place in enumerate(states, 1):
        rings = dice.random(2) < (found if place is not None else (0.1, 0.1))
        noise = dice.uniform(0.01, 0.05, (WINDOWS, 2))
        noise[-8:] += 0.5 * rings  # 40 minutes before the onset
        state = STATES[place or 0]
        yield [tried(number, at, (row[0], row[1]), state) for at, row in enumerate(noise.tolist())]


def outcome_of(number: int, each: int = EACH) -> StayOutcome:
    """Return what became of a stay of `stays`: the onset comes five minutes after its last window."""
    if number > 3 * each:
        return StayOutcome(State.NONE_OF_THESE, None, str(number))
    return StayOutcome(STATES[(number - 1) // each], START + number * DAY + WINDOWS * STEP, str(number))


def trial_of(
    parts: list[list[Tried]], outcomes: dict[int, StayOutcome] | None = None, policy: Policy | None = None
) -> Trial:
    """Gather windows, in the order of their records."""
    gatherer = TrialGatherer(policy)
    for each in sorted((one for part in parts for one in part), key=lambda one: one.record.at):
        gatherer.take(each)
    return gatherer.together({} if outcomes is None else outcomes, Horizon())
