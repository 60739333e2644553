"""What comes first may be learnt from, what comes later is measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from made_up_windows import made_up

from fcv_api.training.flow import APART, IN_EARLY, LOST, MEASURED, RETURNS
from fcv_api.validation.flow_notes import flow
from fcv_api.validation.gathered import Gatherer
from fcv_api.validation.split import split_in_time, unsplit


def test_no_window_of_the_late_part_begins_before_the_early_part_ends(tmp_path: Path) -> None:
    gathered = made_up(tmp_path, events=5, well=10)
    split = split_in_time(gathered)
    ends = gathered.windows.end
    assert ends[split.early].max() < split.at <= ends[split.late].min()
    assert len(np.unique(gathered.windows.encounter[split.early])) == 10  # 40 % of 25 stays


def test_an_early_stay_of_a_patient_who_returns_is_in_neither_part_and_the_flow_says_so(tmp_path: Path) -> None:
    gathered = made_up(tmp_path, events=5, well=10)
    patients = gathered.windows.patient.copy()
    patients[gathered.windows.encounter == 1] = patients[-1]  # the first stay is of the last one's patient
    gathered = replace(gathered, windows=replace(gathered.windows, patient=patients))
    split = split_in_time(gathered)
    assert 1 not in gathered.windows.encounter[np.concatenate([split.early, split.late])]
    rows = [(row.reason, row.encounters) for row in flow(gathered, split.late)]
    assert sum(count for reason, count in rows if reason == RETURNS) == 1
    assert sum(count for reason, count in rows if reason == IN_EARLY) == 9


def test_early_patients_are_set_apart_and_nobody_calls_them_lost(tmp_path: Path) -> None:
    gathered = made_up(tmp_path, events=5, well=10)
    gathered.stays[25].patient = gathered.stays[1].patient = "ana"
    gathered.labels.update({each: replace(gathered.labels[each], patient="ana") for each in (1, 25)})
    gathered.labels.update({99: gathered.labels[2], 98: replace(gathered.labels[3], patient="98")})
    gathered.fates.update({99: "no rows in the export", 98: "no rows in the export"})  # 99 is of an early patient
    rows = flow(gathered, split_in_time(gathered).late)
    stays = {part: sum(row.encounters for row in rows if row.part == part) for part in (MEASURED, APART, LOST)}
    patients = {part: sum(row.patients for row in rows if row.part == part) for part in (MEASURED, APART, LOST)}
    assert stays == {MEASURED: 15, APART: 10, LOST: 2}
    assert patients == {MEASURED: 15, APART: 9, LOST: 1}


def test_nothing_is_early_where_nothing_is_split(tmp_path: Path) -> None:
    gathered = made_up(tmp_path, events=1, well=2)
    split = unsplit(gathered)
    assert (len(split.early), len(split.late)) == (0, len(gathered))
    assert split.as_json()["kind"] == "none"


def test_features_come_back_from_their_file_as_they_were_appended(tmp_path: Path) -> None:
    gatherer = Gatherer(tmp_path)
    rows = np.arange(540.0).reshape(10, 54)
    gatherer.features.append(rows[:4])
    gatherer.features.append(rows[4:])
    assert np.array_equal(gatherer.features.at(np.array([3, 4, 9])), rows[[3, 4, 9]])
