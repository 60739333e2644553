"""A made-up ward: 12 beds of simulated stays up to now, of which 4 are not scored, and as many more as are asked for.

The same for the tests, the pictures of the documents, and whoever looks: nobody in it ever lived. Observations go
through the memory of beds, and every slot of the hours before now is scored and recorded by the code that does so in
service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import isnan
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from fcv_api import scoring
from fcv_api.accounts.system import feed_account
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.observations import Key, Observation, Posted
from fcv_api.domain.prediction import AnswerContext, Models, State
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.domain.window import Matrix
from fcv_api.extensions.cursors import write_cursor
from fcv_api.feed import store, turns
from fcv_api.feed.store import Arrival
from fcv_api.ledger.record import append
from fcv_api.lstm.runtime import RUNTIME
from fcv_api.training.simulate import Stay, simulate

SEED, CANDIDATES = 22, 45
MINUTE = 60_000_000
SLOT = 5 * MINUTE
BEFORE = MINUTE
"""How long before the end of its slot a row is measured."""
SOURCE = "api:monitors"
FIRST, SECOND = 5501, 6501
"""Encounters: of the first bed, and of who shares it."""
SETTLE = 30
CALM = State.NONE_OF_THESE
HEART, PULSE, SATURATION = (
    INDEX_BY_NAME[name] for name in ("MDC_ECG_HEART_RATE", "MDC_PULS_OXIM_PULS_RATE", "MDC_PULS_OXIM_SAT_O2")
)
HOURS_KEPT = 12


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed of the ward, and whose stay is made up for it.

    state: which one the simulated stay comes to, a few minutes after now. slots: how many of five minutes are known.
    lost: slots without rows, counted back from now. last: signs, and the value that each has had in the newest slots.
    shared: another stay is in the same bed since the newest slot. posted: it comes by `/predict` and not by the feed.
    """

    name: str
    state: State = CALM
    slots: int = 96
    lost: Sequence[int] = ()
    last: tuple[tuple[int, float, int], ...] = ()
    shared: bool = False
    posted: bool = False


WARD = (
    Bed("UCI-01", State.CARDIOGENIC_SHOCK),
    Bed("UCI-02"),
    Bed("UCI-03", last=((SATURATION, 78.0, 3),)),
    Bed("UCI-04", lost=range(5)),
    Bed("UCI-05", lost=range(14, 24)),
    Bed("UCI-06", slots=11),
    Bed("UCI-07", State.LOW_CARDIAC_OUTPUT),
    Bed("UCI-08", shared=True),
    Bed("UCI-09", last=((HEART, 112.0, 12), (PULSE, 64.0, 12))),
    Bed("#5510", posted=True, lost=range(9)),
    Bed("UCI-11", State.CARDIAC_ARREST),
    Bed("UCI-12"),
)
"""UCI-04 is silent, UCI-06 too new, UCI-08 has two patients, and #5510's rows are stale: none of them is scored."""
NOT_SCORED = ("UCI-04", "UCI-06", "UCI-08", "#5510")


def beds(count: int) -> tuple[Bed, ...]:
    """Return the ward, and beds like its own beside it, up to a number of them."""
    return tuple(_numbered(WARD[at % len(WARD)], at) for at in range(count))


def _numbered(bed: Bed, at: int) -> Bed:
    """Return a bed with a name of its own. `/predict` names none: the page shows the encounter."""
    return replace(bed, name=f"#{FIRST + at}" if bed.posted else f"UCI-{at + 1:02d}")


@dataclass(frozen=True, slots=True)
class Made:
    """What was filled: the end of the newest slot, in microseconds, and the encounter of each bed."""

    end: int
    encounters: dict[str, int]


@dataclass(frozen=True, slots=True)
class Clinic:
    """What scores a ward. account: the system's. now: in microseconds. warns: that a model was never validated here."""

    models: Models
    account: int
    now: int
    warns: bool

    def given(self, now: int) -> AnswerContext:
        """Return in what a slot is answered for."""
        return AnswerContext(datetime.fromtimestamp(now / 1e6, UTC), timedelta(minutes=15), self.warns)


def fill(models: Models, ward: Sequence[Bed] = WARD, hours: float = 6, *, warns: bool = False) -> Made:
    """Store the rows of a ward up to the newest slot that is due, and score each of its last hours' slots.

    In an app's context. The database's clock says what is now. warns: as production does of an unvalidated model.
    """
    clinic = Clinic(models, feed_account().id, turns.database_now(), warns)
    end = turns.slot_due(clinic.now, SETTLE, np.timedelta64(5, "m"))
    found = {bed.name: FIRST + at for at, bed in enumerate(ward)}
    by_state = _simulated()
    for at, bed in enumerate(ward):
        stays = by_state[bed.state]
        _fill_bed(bed, found[bed.name], _rows(bed, stays[at % len(stays)], end), clinic)
    for slot in range(end - round(hours * 12) * SLOT, end, SLOT):
        _score(clinic, slot)
    _share(ward, by_state[CALM][0], end, clinic)
    _score(clinic, end)
    return Made(end, found)


def _score(clinic: Clinic, slot: int) -> None:
    turns.run_slot(turns.Feed(clinic.models, clinic.account, RUNTIME, clinic.given(slot + SETTLE * 1_000_000)), slot)


Rows = tuple[NDArray[np.int64], Matrix]
"""The instants of a bed's rows, (t,) in microseconds, and its values, (t, 9), NaN where there is none."""


def _simulated() -> dict[State, list[Stay]]:
    """Return simulated stays by what they come to, those that are ill for long enough first."""
    found: dict[State, list[Stay]] = {state: [] for state in State}
    for stay in simulate(CANDIDATES, SEED):
        found[stay.state].append(stay)
    return found


def _rows(bed: Bed, stay: Stay, end: int) -> Rows:
    """Return what a bed's monitors measured: one row a slot, the last of them in the slot that ends then."""
    stop = len(stay.instants)
    if stay.onset is not None:
        stop = int(np.searchsorted(stay.instants, stay.onset)) + 2  # as ill as it gets: just after it began
    values = stay.values[max(0, stop - bed.slots) : stop].copy()
    for sign, value, slots in bed.last:
        values[-slots:, sign] = value
    times = end - BEFORE - np.arange(len(values) - 1, -1, -1) * SLOT
    kept = ~np.isin(np.arange(len(values) - 1, -1, -1), list(bed.lost))
    return times[kept], values[kept]


def _fill_bed(bed: Bed, encounter: int, rows: Rows, clinic: Clinic) -> None:
    if bed.posted:
        _post(encounter, rows, clinic)
    else:
        _store(bed.name, encounter, rows, clinic.now)


def _store(bed: str, encounter: int, rows: Rows, now: int) -> None:
    store.store([Posted(encounter, list(_observations(bed, *rows)))], Arrival(SOURCE, now, now, HOURS_KEPT))


def _share(ward: Sequence[Bed], stay: Stay, end: int, clinic: Clinic) -> None:
    """Put a second patient into each bed that is shared."""
    for at, bed in enumerate(ward):
        if bed.shared:
            _store(bed.name, SECOND + at, _rows(Bed(bed.name, slots=1), stay, end), clinic.now)


def _observations(bed: str, times: NDArray[np.int64], values: Matrix) -> Iterator[Observation]:
    for at, row in zip(times.tolist(), values.tolist(), strict=True):
        for sign, value in zip(SIGNS, row, strict=True):
            if not isnan(value):
                key = Key(sign.code, at, "", sign.name)
                yield Observation(key, "F", round(value, 2), sign.unit.name, bed=bed)


def _post(encounter: int, rows: Rows, clinic: Clinic) -> None:
    """Score and record what a script would send to `/predict` now."""
    times, values = rows
    at, signs = np.nonzero(~np.isnan(values))
    sent = Encounter(encounter, signs.astype(np.intp), values[at, signs], times[at].astype("datetime64[us]"))
    outcome = scoring.assess(sent, clinic.models.active(), clinic.given(clinic.now))
    caller = scoring.Caller(clinic.account, f"made-up-{encounter}", "0" * 64, perf_counter())
    with write_cursor() as cursor:
        append(cursor, [scoring.entry_of(outcome, caller, RUNTIME)])


def some_rows(bed: str, end: int) -> list[Observation]:
    """Return what a bed that began in the newest slot has sent."""
    return list(_observations(bed, *_rows(Bed(bed, slots=1), _simulated()[CALM][0], end)))
