"""Where an export's patients went: who was measured, set apart or lost, for what reason, by state and site.

After the participant flow that TRIPOD+AI (Collins et al., BMJ 2024) asks of a report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import MissingSigns, TooFewInstants, Unscorable
from fcv_api.domain.slots import window_as_sent
from fcv_api.domain.window import History, WindowSpec
from fcv_api.training.dataset import MINUTE, NONE, Cohort, Horizon, Label, LabelledWindows
from fcv_api.wire.export import ExportedCohort

KEPT = "kept"
NO_LABEL = "no label"
NO_ROWS = "no rows in the export"
ONSET_OUTSIDE = "onset outside the stay"
TOO_SHORT = "the stay ends before the horizon of its first window"
LONG_AFTER = "only windows long after the onset"
EVENT_UNSEEN = "kept, but no window within the horizon before its onset"
EARLIER = "begins before the first day asked for"
IN_EARLY = "in the early part, for baselines and a refit"
RETURNS = "in the early part, of a patient who returns in the late one"
OF_TESTS = "of a test source"
ALARMS_ALONE = "no outcome is known: counted for alarms alone"
UNKNOWN = "-"
"""The state of who has no label, and the site of who has none."""
ORDER = MEASURED, APART, LOST = "measured", "set apart", "lost"
"""Three parts of the flow, the best first. APART: nobody asked for them here, so nobody lost them."""
PARTS = dict.fromkeys((KEPT, EVENT_UNSEEN), MEASURED) | dict.fromkeys(
    (EARLIER, IN_EARLY, RETURNS, OF_TESTS, ALARMS_ALONE), APART
)
"""By reason; every other one is a loss."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class FlowRow:
    """Encounters of one fate. patients: those who have no encounter in a better part of the flow.

    named: the first few encounters.
    """

    reason: str
    state: str
    site: str
    patients: int
    encounters: int
    named: tuple[int, ...]

    @property
    def part(self) -> str:
        """Whether they were measured, set apart or lost."""
        return PARTS.get(self.reason, LOST)


def flow_table(flow: Iterable[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return a head and rows of text, without encounters' numbers. flow: each a `FlowRow` as a report holds it."""
    head = ["what became of them", "state", "site", "patients", "encounters"]
    return head, [[str(row[name]) for name in ("reason", *head[1:])] for row in flow]


def labelled_cohort(exported: ExportedCohort, horizon: Horizon) -> Cohort:
    """Return what can be learnt from or measured on, and why the rest of the files cannot.

    An onset before a stay's first row, or more than a horizon after its last one, is none of that stay: another time
    zone, or a day taken for a month. Such a stay is left out.
    """
    labels = {number: Label(each.state, each.onset, each.patient) for number, each in exported.labels.items()}
    lost = dict.fromkeys(exported.unlabelled, NO_LABEL) | dict.fromkeys(exported.absent, NO_ROWS)
    lost |= {number: reason.code for number, reason in exported.refused.items()}
    outside = {each.id for each in exported.encounters if onset_outside(each, labels[each.id], horizon)}
    kept = [each for each in exported.encounters if each.id not in outside]
    return Cohort(kept, labels, lost | dict.fromkeys(sorted(outside), ONSET_OUTSIDE), exported.sites)


def onset_outside(encounter: Encounter, label: Label, horizon: Horizon) -> bool:
    """Return whether an onset lies before a stay's first row, or more than a horizon after its last one."""
    instants = encounter.instants[~np.isnan(encounter.values)]
    if label.onset is None or not len(instants):
        return False
    after_last = float((label.onset - instants.max()) / MINUTE)
    return bool(label.onset < instants.min()) or after_last > horizon.minutes


def flow_of(cohort: Cohort, windows: LabelledWindows, spec: WindowSpec, horizon: Horizon) -> list[FlowRow]:
    """Return who was kept first, then who was lost, the most patients first. windows: those that were kept."""
    fates = dict(cohort.lost)
    kept = set(np.unique(windows.encounter).tolist())
    seen = set(np.unique(windows.encounter[windows.ahead & (windows.label != NONE)]).tolist())
    for each in cohort.encounters:
        label = cohort.labels[each.id]
        if each.id not in kept:
            fates[each.id] = why_lost(each, label, spec, horizon)
        else:
            fates[each.id] = KEPT if label.onset is None or each.id in seen else EVENT_UNSEEN
    return flow_rows(cohort, fates)


def why_lost(encounter: Encounter, label: Label, spec: WindowSpec, horizon: Horizon) -> str:
    """Return why an encounter gave no window: what refused most of those whose future is known."""
    history = History.of(encounter)
    if len(history.instants) < spec.instants:
        return TooFewInstants.code
    reasons = Counter(_refusals(history, label, spec, horizon))
    if not reasons:
        return TOO_SHORT
    return reasons.most_common(1)[0][0]


def _refusals(history: History, label: Label, spec: WindowSpec, horizon: Horizon) -> Iterator[str]:
    for end in range(spec.instants, len(history.instants) + 1, horizon.every):
        instant = history.instants[end - 1]
        known = label.onset is not None and (label.onset - instant) / MINUTE <= horizon.minutes
        if not known and (history.instants[-1] - instant) / MINUTE < horizon.minutes:
            continue
        try:
            window_as_sent(history.until(end), spec)
        except MissingSigns as missing:
            yield f"{missing.code}: {', '.join(sign.name for sign in missing.signs)}"
        except Unscorable as refusal:
            yield refusal.code
        else:
            yield LONG_AFTER  # it was cut, and left out since


def flow_rows(cohort: Cohort, fates: dict[int, str]) -> list[FlowRow]:
    """Count encounters by fate, state and site. fates: by encounter."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for number, reason in sorted(fates.items()):
        label = cohort.labels.get(number)
        key = reason, label.state.value if label else UNKNOWN, cohort.sites.get(number, UNKNOWN)
        groups.setdefault(key, []).append(number)
    better = _in_better_parts(cohort, fates)
    rows = []
    for (reason, state, site), numbers in groups.items():
        count = len(_patients(cohort, numbers) - better[PARTS.get(reason, LOST)])
        rows.append(FlowRow(reason, state, site, count, len(numbers), tuple(numbers[:MOST_NAMED])))
    return sorted(rows, key=_order)


def _order(row: FlowRow) -> tuple[int, bool, int, str, str, str]:
    return ORDER.index(row.part), row.reason != KEPT, -row.patients, row.reason, row.state, row.site


def _in_better_parts(cohort: Cohort, fates: Mapping[int, str]) -> dict[str, set[str]]:
    """Return by part the patients who have an encounter in a better one."""
    found: dict[str, set[str]] = {}
    before: set[str] = set()
    for part in ORDER:
        found[part] = before
        before = before | _patients(cohort, (each for each, why in fates.items() if PARTS.get(why, LOST) == part))
    return found


def _patients(cohort: Cohort, numbers: Iterable[int]) -> set[str]:
    """Return whose some encounters are: one without a label is a patient of its own."""
    return {cohort.labels[each].patient if each in cohort.labels else f"encounter {each}" for each in numbers}
