"""An export is scored stay by stay, as `fcv evaluate` scores it, and nobody is lost in silence."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel

from fcv_api.bulk.assess import assess_each
from fcv_api.domain.policy import Policy
from fcv_api.domain.window import WindowSpec
from fcv_api.training.dataset import Horizon, UnusableData, cut_windows
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.training.flow import APART, EARLIER, NO_LABEL, NO_ROWS, ONSET_OUTSIDE
from fcv_api.training.simulate import Stay, cohort_of, simulate
from fcv_api.validation.flow_notes import flow, flow_notes
from fcv_api.validation.from_export import ExportSource, gather_export
from fcv_api.validation.gathered import LAST, Gathered
from fcv_api.validation.policy_alarms import read_by
from fcv_api.wire.file_form import PLAIN
from fcv_api.wire.stays import write_stays

STAYS = list(simulate(6, 3, 1))
HORIZON = Horizon(every=3)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    export, outcomes = tmp_path / "export.csv", tmp_path / "outcomes.csv"
    write_stays(export, outcomes, STAYS)
    return export, outcomes


def gathered_of(files: tuple[Path, Path], **said: object) -> Gathered:
    source = ExportSource(*files, UTC, PLAIN, HORIZON, **said)  # type: ignore[arg-type]
    return gather_export(source, FakeModel(), files[0].parent)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def of_state(state: str) -> Stay:
    return next(each for each in STAYS if each.state.value == state)


def line_of(outcomes: Path, number: int) -> str:
    return next(line for line in outcomes.read_text("utf-8").splitlines() if line.startswith(f"{number},"))


def reasons(gathered: Gathered) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in flow(gathered, np.arange(len(gathered))):
        found[row.reason] = found.get(row.reason, 0) + row.encounters
    return found


def test_the_windows_are_those_of_fcv_evaluate(files: tuple[Path, Path]) -> None:
    found, wanted = gathered_of(files).windows, cut_windows(cohort_of(STAYS), WindowSpec(), HORIZON)
    for name in ("encounter", "end", "label"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
    assert np.allclose(found.lead, wanted.lead, equal_nan=True)


def test_the_last_values_are_kept_outside_memory(files: tuple[Path, Path]) -> None:
    gathered, wanted = gathered_of(files), cut_windows(cohort_of(STAYS), WindowSpec(), HORIZON)
    kept = gathered.features_at(np.arange(len(gathered)))[:, LAST]
    assert np.allclose(kept, wanted.raw[:, -1], equal_nan=True, rtol=1e-6)
    assert gathered.windows.raw.size == 0


def test_an_outcome_before_the_admission_is_no_outcome_of_that_stay(files: tuple[Path, Path]) -> None:
    ill = next(each for each in STAYS if each.onset is not None)
    line = line_of(files[1], ill.id)
    number, state, _, site = line.split(",")
    change(files[1], line, f"{number},{state},2020-01-01 00:00:00,{site}")
    assert reasons(gathered_of(files))[ONSET_OUTSIDE] == 1


def test_of_two_outcomes_the_first_one_counts_and_the_flow_says_so(files: tuple[Path, Path]) -> None:
    ill = next(each for each in STAYS if each.onset is not None)
    line = line_of(files[1], ill.id)
    change(files[1], line, f"{line}\n{ill.id},Arresto_cardiaco,2030-01-01 00:00:00,simulated")
    gathered = gathered_of(files)
    assert gathered.labels[ill.id].state is ill.state
    assert "stays with two outcomes or more; the first one counts" in [
        each.note for each in flow_notes(gathered, np.arange(len(gathered)))
    ]


def test_who_has_no_outcome_and_who_has_no_rows_is_counted(files: tuple[Path, Path]) -> None:
    line = line_of(files[1], STAYS[0].id)
    change(files[1], line, line.replace(f"{STAYS[0].id},", "999,", 1))
    found = reasons(gathered_of(files))
    assert (found[NO_LABEL], found[NO_ROWS]) == (1, 1)


def test_stays_that_begin_before_the_first_day_are_left_out(files: tuple[Path, Path]) -> None:
    starts = sorted(each.instants.min() for each in STAYS)
    gathered = gathered_of(files, since=starts[2])
    assert reasons(gathered)[EARLIER] == 2
    rows = flow(gathered, np.arange(len(gathered)))
    assert {row.part for row in rows if row.reason == EARLIER} == {APART}  # nobody asked for them: they are not lost


def test_patients_that_the_model_learnt_from_are_refused(files: tuple[Path, Path]) -> None:
    known = Fingerprints.of(cohort_of(STAYS[:2]))
    with pytest.raises(UnusableData, match="learnt from 2 of these patients"):
        gathered_of(files, known=known)


def test_patients_that_the_model_learnt_from_before_the_first_day_are_in_nobodys_way(files: tuple[Path, Path]) -> None:
    first, second, *_ = sorted(STAYS, key=lambda each: each.instants.min())
    gathered = gathered_of(files, known=Fingerprints.of(cohort_of([first])), since=second.instants.min())
    assert reasons(gathered)[EARLIER] == 1


def test_a_policy_reads_the_warnings_that_an_answer_would_have_had(files: tuple[Path, Path]) -> None:
    policy = Policy("raw", "1", 60.0, warnings=("critical_value", "level", "trend", "filled:MDC_TEMP"))
    gathered = gathered_of(files, policy=policy)
    said = {}
    for each in cohort_of(STAYS).encounters:
        scores = assess_each(each, FakeModel())
        for end, warnings in zip(scores.last.tolist(), scores.warnings, strict=True):
            said[each.id, end] = read_by(policy, ((one.code, one.sign) for one in warnings))
    windows = gathered.windows
    found = zip(windows.encounter.tolist(), windows.end.tolist(), gathered.warned.tolist(), strict=True)
    pairs = [(gathered.warnings[warned], said[number, end]) for number, end, warned in found]
    assert any(kept for kept, _ in pairs)
    assert all(kept == wanted for kept, wanted in pairs)


def test_a_transfer_is_seen_by_the_beds_of_an_export(files: tuple[Path, Path]) -> None:
    lines = files[0].read_text("utf-8").splitlines()
    beds = [f"UCI-{1 + (at > 50 and line.startswith('1,'))}" for at, line in enumerate(lines)]
    files[0].write_text(
        "\n".join([f"{lines[0]},cama", *(f"{a},{b}" for a, b in zip(lines[1:], beds[1:], strict=True))])
    )
    gathered = gathered_of(files)
    assert gathered.stays[1].places == ("UCI-1", "UCI-2")
    assert gathered.stays[2].places == ("UCI-1",)
