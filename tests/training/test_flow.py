"""The flow of patients: nobody is lost in silence."""

from __future__ import annotations

import numpy as np

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.prediction import State
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.domain.window import WindowSpec
from fcv_api.training.dataset import Horizon, cut_windows
from fcv_api.training.flow import FlowRow, flow_of, labelled_cohort
from fcv_api.wire.export import ExportedCohort, ExportedLabel

START = np.datetime64("2024-03-03T00:00", "us")
STEP = np.timedelta64(5, "m")
PERFUSION = INDEX_BY_NAME["MDC_BLD_PERF_INDEX"]


def stay(number: int, instants: int = 40, without: int | None = None) -> Encounter:
    """Return an encounter with all nine signs, or all but one, at each of its instants."""
    signs = np.tile(np.arange(len(SIGNS)), instants)
    times = np.repeat(START + np.arange(instants) * STEP, len(SIGNS))
    kept = signs != without
    return Encounter(number, signs[kept], np.arange(len(times), dtype=float)[kept], times[kept])


def flow(encounters: list[Encounter], sick: dict[int, int], patients: dict[int, str] | None = None) -> list[FlowRow]:
    """Return the flow of a cohort. sick: the instant of an encounter's onset of shock. patients: whose it is."""
    exported = {each.id: exported_label(each.id, sick, patients or {}) for each in encounters}
    cohort = labelled_cohort(ExportedCohort(encounters, exported, [], {}, {}), Horizon())
    return flow_of(cohort, cut_windows(cohort, WindowSpec(), Horizon()), WindowSpec(), Horizon())


def exported_label(number: int, sick: dict[int, int], patients: dict[int, str]) -> ExportedLabel:
    """Return what a label file says of an encounter."""
    patient = patients.get(number, str(number))
    if number not in sick:
        return ExportedLabel(State.NONE_OF_THESE, None, patient)
    return ExportedLabel(State.CARDIOGENIC_SHOCK, START + sick[number] * STEP, patient)


def fates(rows: list[FlowRow]) -> dict[str, tuple[int, ...]]:
    """Return the named encounters of each reason."""
    return {row.reason: row.named for row in rows}


def test_an_encounter_without_a_sign_is_lost_for_want_of_it() -> None:
    rows = flow([stay(1), stay(2, without=PERFUSION), stay(3, instants=12)], {})
    assert fates(rows) == {"kept": (1,), "missing-signs: MDC_BLD_PERF_INDEX": (2,), "too-few-instants": (3,)}


def test_a_stay_that_ends_before_its_horizon_says_so() -> None:
    assert fates(flow([stay(1), stay(2, instants=22)], {}))["the stay ends before the horizon of its first window"] == (
        2,
    )


def test_an_onset_outside_the_stay_is_named_and_left_out() -> None:
    rows = flow([stay(1), stay(2), stay(3), stay(4)], {2: -60, 3: 100, 4: 44})
    assert fates(rows)["onset outside the stay"] == (2, 3)  # that of 4 lies within a horizon of its last row
    assert {row.named for row in rows if row.reason == "kept"} == {(1,), (4,)}


def test_an_event_without_a_window_before_it_is_told_from_one_with() -> None:
    rows = flow([stay(1), stay(2), stay(3)], {2: 30, 3: 5})
    assert fates(rows)["kept, but no window within the horizon before its onset"] == (3,)


def test_a_patient_with_another_stay_that_was_kept_is_not_lost() -> None:
    rows = flow([stay(1), stay(2, instants=12), stay(3, instants=12)], {}, {1: "ana", 2: "ana", 3: "eva"})
    lost = next(row for row in rows if row.reason == "too-few-instants")
    assert (lost.patients, lost.encounters) == (1, 2)


def test_rows_are_by_state_and_site_and_hold_everybody() -> None:
    labels = {number: exported_label(number, {2: 30}, {}) for number in (1, 2)}
    absent = {9: exported_label(9, {}, {})}
    exported = ExportedCohort([stay(1), stay(2)], labels, [7, 8], absent, {1: "Norte", 7: "Sur"})
    cohort = labelled_cohort(exported, Horizon())
    rows = flow_of(cohort, cut_windows(cohort, WindowSpec(), Horizon()), WindowSpec(), Horizon())
    assert {(row.reason, row.state, row.site, row.encounters) for row in rows} == {
        ("kept", "none_of_these", "Norte", 1),
        ("kept", "cardiogenic_shock", "-", 1),
        ("no label", "-", "Sur", 1),
        ("no label", "-", "-", 1),
        ("no rows in the export", "none_of_these", "-", 1),
    }
