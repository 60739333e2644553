"""The record with outcomes that came later: each window once, and nobody lost in silence."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from fakes import FakeModel
from recorded import PREDICTION, REFUSAL, append

from fcv_api.domain.policy import Policy
from fcv_api.domain.prediction import ModelIdentity, State
from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Entry, utc_text
from fcv_api.training.dataset import NONE, Horizon, UnusableData
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.training.flow import NO_LABEL, OF_TESTS, ONSET_OUTSIDE
from fcv_api.validation.flow_notes import flow, flow_notes
from fcv_api.validation.from_record import NO_RECORD, gather_record
from fcv_api.validation.gathered import Gathered, Gatherer
from fcv_api.validation.record_reader import RecordSource
from fcv_api.wire.outcomes import StayOutcome

NOW = datetime.now(UTC).replace(microsecond=0)
MODEL = ModelIdentity("fcv-sim", "2.0.0", "c" * 64)
Gather = Callable[..., Gathered]


def window(encounter: int, minutes: int, **changes: Any) -> Entry:
    """Return a record of a window that ended so many minutes ago."""
    end = NOW - timedelta(minutes=minutes)
    raw = np.random.default_rng(minutes).normal(50, 5, (20, 9)).tobytes()
    ends = {"window_first": utc_text(end - timedelta(minutes=95)), "window_last": utc_text(end)}
    return PREDICTION._replace(encounter=encounter, window_raw=raw, **(ends | changes))


def stay(encounter: int, last: int = 0, count: int = 12) -> list[Entry]:
    """Return records five minutes apart, the last of which ended so many minutes ago."""
    return [window(encounter, last + 5 * each) for each in reversed(range(count))]


def ill(minutes: int, **more: Any) -> StayOutcome:
    onset = np.datetime64((NOW - timedelta(minutes=minutes)).replace(tzinfo=None), "us")
    return StayOutcome(State.CARDIAC_ARREST, onset, **({"patient": "7"} | more))


WELL = StayOutcome(State.NONE_OF_THESE, None, "8")


@pytest.fixture
def gather(empty_database: None, tmp_path: Path) -> Gather:  # noqa: ARG001 - the record must be there
    """Record entries, and gather them with outcomes."""

    def gather(
        entries: list[Entry],
        outcomes: dict[int, StayOutcome],
        known: Fingerprints | None = None,
        policy: Policy | None = None,
    ) -> Gathered:
        append(entries, 0.0)
        later = np.datetime64((datetime.now(UTC) + timedelta(hours=1)).replace(tzinfo=None), "us")
        source = RecordSource(outcomes, dict.fromkeys(outcomes, later), io.StringIO(), Horizon(), known, policy=policy)
        return gather_record(query.stream(Wanted()), source, FakeModel(identity=MODEL), Gatherer(tmp_path))

    return gather


def reasons(gathered: Gathered) -> dict[str, int]:
    rows = flow(gathered, np.arange(len(gathered)))
    return {row.reason: sum(each.encounters for each in rows if each.reason == row.reason) for row in rows}


def test_windows_are_labelled_as_those_of_an_export(gather: Gather) -> None:
    windows = gather(stay(1), {1: ill(10)}).windows
    assert windows.lead.tolist() == [each * 5.0 - 10 for each in reversed(range(12))]
    assert (windows.label != NONE).tolist() == [lead <= 30 for lead in windows.lead.tolist()]
    well = gather(stay(2), {2: WELL}).windows
    assert len(well) == 6  # the last half hour's future is not known


def test_the_answers_are_the_recorded_ones_and_another_model_is_asked_anew(gather: Gather) -> None:
    entries = [*stay(1), *(each._replace(model_version="1.0.0") for each in stay(2))]
    found = gather(entries, {1: ill(10), 2: ill(10)})
    of_first = found.windows.encounter == 1
    assert np.allclose(found.probabilities[of_first][0], [0.1, 0.2, 0.6, 0.1])
    assert not found.before[~of_first].any()  # nobody was told that answer before the outcome


def test_a_window_that_was_recorded_twice_counts_once_and_is_named(gather: Gather) -> None:
    found = gather([*stay(1), *stay(1)], {1: ill(10)})
    assert len(found) == 12
    notes = [each.note for each in flow_notes(found, np.arange(12))]
    assert notes[0] == "stays of which a window was recorded more than once; the first record counts"


def test_only_what_was_recorded_before_anybody_could_know_counts_as_such(gather: Gather) -> None:
    found = gather(stay(1), {1: ill(-20)})  # an onset in twenty minutes
    by_end = dict(zip(found.windows.lead.tolist(), found.before.tolist(), strict=True))
    assert by_end[20.0]  # ends now: its onset is to come
    assert not by_end[75.0]  # ended 55 minutes ago, and was recorded just now: what came within 30 minutes was known


def test_an_outcome_before_the_stay_and_one_of_no_stay_are_counted(gather: Gather) -> None:
    found = gather([*stay(1), *stay(2)], {1: ill(10), 2: ill(5000), 3: WELL})
    assert reasons(found) == {"kept": 1, ONSET_OUTSIDE: 1, NO_RECORD: 1}


def test_who_has_no_outcome_yet_is_counted(gather: Gather) -> None:
    assert reasons(gather([*stay(1), *stay(2)], {1: ill(10)})) == {"kept": 1, NO_LABEL: 1}


def test_records_of_test_sources_are_left_out(gather: Gather) -> None:
    packed = zlib.compress(orjson.dumps({"source": "test:monitor", "cells": []}))
    tests = [each._replace(sources=packed, slot=at) for at, each in enumerate(stay(2))]
    found = gather([*stay(1), *tests], {1: ill(10), 2: ill(10)})
    assert (reasons(found), set(found.windows.encounter.tolist())) == ({"kept": 1, OF_TESTS: 1}, {1})


def test_refusals_are_counted_and_a_stay_of_nothing_else_is_lost_for_them(gather: Gather) -> None:
    found = gather([*stay(1), REFUSAL._replace(encounter=1), REFUSAL._replace(encounter=2)], {1: ill(10), 2: WELL})
    assert found.stays[1].refused == {"too-few-instants": 1}
    assert reasons(found) == {"kept": 1, "too-few-instants": 1}


def test_readmissions_transfers_and_two_outcomes_are_named(gather: Gather) -> None:
    told = {1: ill(10, several=True, beds=("UCI-1", "UCI-2")), 2: ill(10), 3: WELL}
    found = gather([*stay(1), *stay(2, count=8), *stay(3)], told)
    notes = {
        each.note.split(":")[0]: (each.patients, each.encounters) for each in flow_notes(found, np.arange(len(found)))
    }
    assert notes["readmissions"] == (1, 2)
    assert notes["transfers"] == notes["stays with two outcomes or more; the first one counts"] == (1, 1)


def test_the_signs_that_a_record_warns_of_as_filled_are_its_gaps(gather: Gather) -> None:
    warned = orjson.dumps([{"code": "filled", "sign": "MDC_PULS_OXIM_SAT_O2", "detail": ""}]).decode()
    found = gather([each._replace(warnings=warned) for each in stay(1)], {1: ill(10)})
    assert found.gap(6).all()
    assert not found.gap(5).any()


def test_a_policy_reads_the_warnings_of_the_record(gather: Gather) -> None:
    said = [{"code": code, "sign": "MDC_TEMP", "detail": ""} for code in ("critical_value", "trend")]
    entries = stay(1)
    entries[3] = entries[3]._replace(warnings=orjson.dumps(said).decode())
    found = gather(entries, {1: ill(10)}, policy=Policy("raw", "1", 60.0, warnings=("critical_value",)))
    kept = [found.warnings[each] for each in found.warned.tolist()]
    assert [place for place, each in enumerate(kept) if each] == [3]
    assert kept[3] == (("critical_value", "MDC_TEMP"),)


def test_patients_that_the_model_learnt_from_are_refused(gather: Gather) -> None:
    with pytest.raises(UnusableData, match="learnt from 1 of these patients"):
        gather(stay(1), {1: ill(10)}, Fingerprints.none().and_those(["encounter 1"]))


def test_without_an_outcome_nothing_can_be_measured(gather: Gather) -> None:
    with pytest.raises(UnusableData, match="No record since then"):
        gather(stay(1), {})
