"""Ask a model about every window of a hospital's export, stay by stay, as the service would have been asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import TooFewInstants, Unscorable
from fcv_api.domain.policy import Policy
from fcv_api.domain.prediction import Refusal, Scorer, probabilities_of
from fcv_api.domain.quality import gaps_of
from fcv_api.domain.rolling import Rolling
from fcv_api.domain.screens import warnings_of
from fcv_api.domain.window import Matrix
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.baselines import summaries_of
from fcv_api.training.dataset import Horizon, Label, UnusableData, label_ends
from fcv_api.training.fingerprints import Fingerprints, learnt_from
from fcv_api.training.flow import EARLIER, NO_LABEL, NO_ROWS, ONSET_OUTSIDE, TOO_SHORT, onset_outside
from fcv_api.validation.gathered import Block, Gathered, Gatherer, StayFacts, Warned
from fcv_api.validation.policy_alarms import read_by
from fcv_api.wire.export import read_places, read_sites, stream_export
from fcv_api.wire.file_form import FileForm
from fcv_api.wire.outcomes import StayOutcome, read_outcomes
from fcv_api.wire.table_file import open_table

BED_COLUMNS, UNIT_COLUMN = ("cama", "serialNo"), "idUbicacion"


@dataclass(frozen=True, slots=True)
class ExportSource:
    """An export and its outcomes. zone: of times without an offset. since: stays that begin before it are left out.

    known: fingerprints of the patients that the model learnt from; None where its manifest has none. policy: whose
    warnings are kept.
    """

    export: Path
    outcomes: Path
    zone: tzinfo
    form: FileForm
    horizon: Horizon = field(default_factory=Horizon)
    since: np.datetime64 | None = None
    known: Fingerprints | None = None
    other_hospital: bool = False
    policy: Policy | None = None


def gather_export(source: ExportSource, model: Scorer, folder: Path) -> Gathered:
    """Score an export. folder: for what does not fit into memory. Raises UnusableExport or UnusableData.

    UnusableData where the model learnt from any of the patients, or where no window is left.
    """
    outcomes = read_outcomes(source.outcomes, source.zone, source.form)
    gatherer, places = Gatherer(folder), _Places.of(source)
    gatherer.labels = {number: Label(each.state, each.onset, each.patient) for number, each in outcomes.items()}
    gatherer.sites = places.sites
    known: dict[int, str] = {}
    for read in stream_export(open_table(source.export, form=source.form), source.zone, None):
        stated = outcomes.pop(read.encounter if isinstance(read, Refusal) else read.id, None)
        if isinstance(read, Refusal):
            gatherer.fates[read.encounter] = NO_LABEL if stated is None else read.reason.code
        elif _is_earlier(read, source.since):  # nobody asks for it, whatever else is known of it
            gatherer.fates[read.id] = EARLIER
        elif stated is None:
            gatherer.fates[read.id] = NO_LABEL
        elif source.known and source.known.knows(read, stated.patient, other_hospital=source.other_hospital):
            known[read.id] = stated.patient
        else:
            _gather_stay(read, stated, (source, model, gatherer, places))
    if known:
        raise learnt_from(str(model.identity), list(known), len(set(known.values())))
    gatherer.fates |= dict.fromkeys(outcomes, NO_ROWS)
    found = gatherer.together()
    if not len(found):
        raise UnusableData(
            f"No stay of {source.export} has a window whose state {source.horizon.minutes:g} minutes "
            "later is known. `fcv evaluate` names why, stay by stay."
        )
    return found


@dataclass(frozen=True, slots=True)
class _Places:
    """Where stays were, by encounter: sites, units and beds."""

    sites: dict[int, str]
    units: dict[int, list[str]]
    beds: dict[int, list[str]]

    @classmethod
    def of(cls, source: ExportSource) -> _Places:
        """Read the columns that the files have. The first column of beds that there is counts."""
        sites = read_sites(source.outcomes, source.form) or read_sites(source.export, source.form)
        units = read_places(source.export, UNIT_COLUMN, source.form)
        beds = (read_places(source.export, column, source.form) for column in BED_COLUMNS)
        return cls(sites, units, next((each for each in beds if each), {}))

    def of_stay(self, facts: StayFacts) -> None:
        """Add to a stay where it was."""
        number = facts.encounter
        facts.site = self.sites.get(number, facts.site)
        facts.unit = self.units.get(number, [facts.unit])[0] if facts.unit == "-" else facts.unit
        facts.places = tuple(self.beds.get(number, facts.places or self.units.get(number, ())))


Task = tuple[ExportSource, Scorer, Gatherer, _Places]


def _gather_stay(encounter: Encounter, stated: StayOutcome, task: Task) -> None:
    """Score a stay's windows, or say why there are none."""
    source, _, gatherer, places = task
    instants = encounter.instants[~np.isnan(encounter.values)]
    label = gatherer.labels[encounter.id]
    if not len(instants):
        gatherer.fates[encounter.id] = TooFewInstants.code
        return
    gatherer.stays[encounter.id] = facts_of(encounter.id, stated, instants)
    places.of_stay(gatherer.stays[encounter.id])
    outside = onset_outside(encounter, label, source.horizon)
    fate = ONSET_OUTSIDE if outside else _score_stay(encounter, label, task)
    if fate is not None:
        gatherer.fates[encounter.id] = fate


def _is_earlier(encounter: Encounter, since: np.datetime64 | None) -> bool:
    instants = encounter.instants[~np.isnan(encounter.values)]
    return since is not None and len(instants) > 0 and bool(instants.min() < since)


def facts_of(number: int, stated: StayOutcome, instants: np.ndarray[tuple[int], np.dtype[np.datetime64]]) -> StayFacts:
    """Return what an outcome says of a stay. instants: (t,), of its measurements."""
    facts = StayFacts(number, stated.patient, instants.min(), instants.max(), several=stated.several)
    facts.unit, facts.age, facts.sex, facts.places = stated.unit, stated.age, stated.sex, stated.beds
    return facts


def _score_stay(encounter: Encounter, label: Label, task: Task) -> str | None:
    """Score the windows whose future is known, and return why there is none."""
    source, model, gatherer, _ = task
    facts = gatherer.stays[encounter.id]
    try:
        rolling = Rolling.of(encounter, model.spec)
    except Unscorable as reason:
        facts.refused[reason.code] += 1
        return reason.code
    asked = np.arange(0, len(rolling), source.horizon.every)
    at, states, leads = label_ends(rolling.last[asked], rolling.last[-1:], label, source.horizon)
    refusals = rolling.refusals()
    facts.asked = len(asked)
    facts.refused.update(refusals[each].code for each in asked.tolist() if each in refusals)
    usable = np.array([each not in refusals for each in asked[at].tolist()], dtype=np.bool_)
    if not usable.any():
        return facts.refused.most_common(1)[0][0] if len(at) else TOO_SHORT
    block = _block(rolling, model, asked[at[usable]], (states[usable], leads[usable]))
    gatherer.add(block._replace(warnings=_warnings(rolling, asked[at[usable]], source.policy)))
    return None


def _warnings(rolling: Rolling, at: NDArray[np.intp], policy: Policy | None) -> list[Warned] | None:
    """Return what a policy reads of the warnings of windows. at: (w,), which of them."""
    if policy is None or not policy.warnings:
        return None
    wanted = np.zeros(len(rolling), dtype=np.bool_)
    wanted[at] = True
    found = warnings_of(rolling, wanted)
    return [read_by(policy, ((each.code, each.sign) for each in found[window])) for window in at.tolist()]


def _block(rolling: Rolling, model: Scorer, at: NDArray[np.intp], stated: tuple[NDArray[Any], NDArray[Any]]) -> Block:
    """Ask the model about windows. at: (w,), which of them. stated: their states and leads."""
    scaled = rolling.scaled()
    rows = np.array(list(_answers(scaled, model, at)))
    features = summaries_of(rolling.values[:, at].transpose(1, 0, 2))  # (w, instants, 9)
    encounter = np.full(len(at), rolling.history.encounter.id, dtype=np.int64)
    never = np.zeros(len(at), dtype=np.bool_)
    return Block(encounter, rolling.last[at], *stated, rows, features, gaps_of(rolling.cells)[at], never)


def _answers(scaled: Matrix, model: Scorer, at: NDArray[np.intp]) -> Iterator[list[float]]:
    for window in at.tolist():
        by_state = probabilities_of(model.score(scaled[:, window]), model)
        yield [by_state[state] for state in CLASSES]
