"""Read the windows of the record and what they were answered, and label them by outcomes that came later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.prediction import Scorer
from fcv_api.ledger.record import Record
from fcv_api.ledger.sources import is_test
from fcv_api.training.dataset import Horizon, Label, UnusableData, label_ends
from fcv_api.training.fingerprints import learnt_from, texts_of_stay
from fcv_api.training.flow import OF_TESTS, ONSET_OUTSIDE, TOO_SHORT
from fcv_api.validation.gathered import Gathered, Gatherer, StayFacts
from fcv_api.validation.record_reader import Reader, RecordSource

AT_ONCE = 500
NO_RECORD = "no record"
MICROSECONDS = 60_000_000
HEAD = "id,hash,encounter,window_last,at\n"


def gather_record(records: Iterable[Record], source: RecordSource, model: Scorer, gatherer: Gatherer) -> Gathered:
    """Take what the model answered, and ask it anew where another one did. Raises UnusableData where nothing is left.

    Each window counts once, by its first record. Records of test sources are left out.
    """
    reader = Reader(source, model, gatherer)
    source.listed.write(HEAD)
    wanted = _of_patients(records, gatherer)
    while some := list(islice(wanted, AT_ONCE)):
        reader.take(some)
    gatherer.fates |= dict.fromkeys(source.outcomes.keys() - reader.seen - gatherer.fates.keys(), NO_RECORD)
    gatherer.labels = {number: Label(o.state, o.onset, o.patient) for number, o in source.outcomes.items()}
    gatherer.sites = {number: facts.site for number, facts in gatherer.stays.items()}
    _refuse_known(source, gatherer, model)
    found = gatherer.together()
    kept = _labelled(found, source, reader.whole())
    if not len(kept):
        raise UnusableData("No record since then has a window whose state at the horizon is known from an outcome.")
    return kept


def _of_patients(records: Iterable[Record], gatherer: Gatherer) -> Iterator[Record]:
    """Leave out what test sources sent."""
    for record in records:
        if is_test(record.sources):
            gatherer.fates[record.encounter] = OF_TESTS
        else:
            yield record


def _refuse_known(source: RecordSource, gatherer: Gatherer, model: Scorer) -> None:
    """Raise UnusableData where the model learnt from any of the patients."""
    if source.known is None:
        return
    stays = {each.encounter: each for each in gatherer.stays.values()}
    found = [
        number
        for number, each in stays.items()
        if source.known.knows_any(texts_of_stay(number, each.first, each.patient), other_hospital=source.other_hospital)
    ]
    if found:
        raise learnt_from(str(model.identity), found, len({stays[each].patient for each in found}))


def _labelled(found: Gathered, source: RecordSource, at: NDArray[np.datetime64]) -> Gathered:
    """Label windows, stay by stay, and keep those whose future is known. at: (n,), when each was recorded."""
    windows = found.windows
    order = np.lexsort((np.arange(len(windows)), windows.end, windows.encounter))
    starts = np.flatnonzero(np.diff(windows.encounter[order], prepend=-1))
    kept, labels, leads = [], [], []
    for own in np.split(order, starts[1:]) if len(order) else ():
        number = int(windows.encounter[own[0]])
        first = own[np.append(True, windows.end[own[1:]] != windows.end[own[:-1]])]
        found.stays[number].again = len(own) - len(first)
        known, states, lead = _of_stay(found, first, source.horizon)
        kept.append(first[known])
        labels.append(states)
        leads.append(lead)
    return _kept(found, source, at, tuple(np.concatenate([*each]) for each in (kept, labels, leads)) if kept else None)


def _most_refused(facts: StayFacts) -> str:
    """Return what refused most windows of a stay that has none."""
    return facts.refused.most_common(1)[0][0] if facts.refused else TOO_SHORT


Labelled = tuple[NDArray[Any], ...] | None


def _of_stay(
    found: Gathered, own: NDArray[np.intp], horizon: Horizon
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return which of a stay's windows can be labelled, and how; and give the stay its fate where none can."""
    ends = found.windows.end[own]
    number = int(found.windows.encounter[own[0]])
    labelled = label_stay(ends, found.stays[number].first, found.labels[number], horizon)
    if labelled is None or not len(labelled[0]):
        found.fates[number] = ONSET_OUTSIDE if labelled is None else TOO_SHORT
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0)
    return labelled


def label_stay(
    ends: NDArray[np.datetime64], first: np.datetime64, label: Label, horizon: Horizon
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]] | None:
    """Label a stay's windows as `label_ends` does; None where the onset lies outside of the stay.

    ends: (n,), ascending. first: of its first window.
    """
    latest = ends[-1] + np.timedelta64(round(horizon.minutes * 60), "s")
    if label.onset is not None and not first <= label.onset <= latest:
        return None
    return label_ends(ends, ends[-1:], label, horizon)


def _kept(found: Gathered, source: RecordSource, at: NDArray[np.datetime64], labelled: Labelled) -> Gathered:
    """Keep windows with their labels, and say which were recorded before anybody could know what would come."""
    kept, labels, leads = labelled or (np.empty(0, np.intp), np.empty(0, np.int8), np.empty(0, np.float32))
    windows = found.windows.where(kept)
    windows = replace(windows, label=labels.astype(np.int8), lead=leads.astype(np.float32))
    known_at = np.array([source.known_at[each] for each in windows.encounter.tolist()], dtype="datetime64[us]")
    minutes = np.where(leads > 0, np.minimum(leads, source.horizon.minutes), source.horizon.minutes)
    happened = windows.end + np.round(minutes * MICROSECONDS).astype("timedelta64[us]")
    before = found.before[kept] & (at[kept] < np.minimum(happened, known_at))
    refused = {number: each for number, each in found.stays.items() if number not in found.fates}
    gone = refused.keys() - set(np.unique(windows.encounter).tolist())
    found.fates.update({number: _most_refused(refused[number]) for number in gone})
    return replace(
        found,
        windows=windows,
        probabilities=found.probabilities[kept],
        gaps=found.gaps[kept],
        warned=found.warned[kept],
        rows=found.rows[kept],
        before=before,
    )
