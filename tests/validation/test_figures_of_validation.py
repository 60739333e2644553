"""Figures of those states of which something can be said, and of no other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from made_up_windows import made_up
from sklearn.metrics import average_precision_score, roc_auc_score

from fcv_api.domain.evidence import Evidence, UnusableReport
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.attest import Evidenced, attest, check_events, check_subject
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN
from fcv_api.training.baselines import EARLY_WARNING, FITTED
from fcv_api.training.dataset import Horizon
from fcv_api.training.flow import NO_LABEL, NO_ROWS, ONSET_OUTSIDE, PARTS, TOO_SHORT
from fcv_api.training.report_members import ILL
from fcv_api.validation import page as page_of_validation
from fcv_api.validation.cells import resting
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.members import Subject, validation_members
from fcv_api.validation.page import write_validation
from fcv_api.validation.spanish import in_spanish, table_in
from fcv_api.validation.split import split_in_time
from fcv_api.validation.tables import tables
from fcv_api.wire.report_file import check_members, json_schema


def report_of(gathered: Gathered, folder: Path) -> dict[str, Any]:
    """Return a report as its file holds it."""
    files = folder / "export.csv", folder / "outcomes.csv"
    for file in files:
        file.write_text(file.name)
    subject = Subject(Artifact.load(SHIPPED_IN / SHIPPED).manifest, Horizon(), "hospital", files, overlap_checked=True)
    split = split_in_time(gathered)
    found: dict[str, Any] = orjson.loads(
        orjson.dumps(validation_members(subject, gathered, split, {}), option=orjson.OPT_SERIALIZE_NUMPY)
    )
    return found


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    return made_up(tmp_path_factory.mktemp("made"), events=50, well=50)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the files lie that the report was made from."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def report(gathered: Gathered, folder: Path, few_trees: None) -> dict[str, Any]:  # noqa: ARG001 - what it does is wanted
    return report_of(gathered, folder)


@pytest.fixture(scope="module")
def pages(report: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the page by language."""
    note = "Drift is not shown: the model's manifest has no reference of it."
    page, _ = write_validation(tmp_path_factory.mktemp("out"), report, (note,))
    return {"en": page.read_text("utf-8"), "es": page.with_name("report.es.html").read_text("utf-8")}


def test_a_report_has_every_member_that_attesting_needs_and_is_of_the_published_schema(report: dict[str, Any]) -> None:
    check_members(report)
    check_events(report)
    Draft202012Validator(json_schema()).validate(report)


def test_the_areas_are_scikit_learns_on_windows_before_the_onset(gathered: Gathered, report: dict[str, Any]) -> None:
    late = split_in_time(gathered).late
    windows = gathered.windows.where(late)
    for name, place in ILL.items():
        hit, said = windows.label[windows.ahead] == place, gathered.probabilities[late][windows.ahead, place]
        own = report["discrimination"][name]
        assert own["auroc"]["value"] == pytest.approx(roc_auc_score(hit, said))
        assert own["auprc"]["value"] == pytest.approx(average_precision_score(hit, said))


@pytest.mark.usefixtures("few_trees")
def test_under_twenty_events_a_state_cannot_be_answered_and_has_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_of_validation, "inline", lambda _figure: "data:,")
    report = report_of(made_up(tmp_path, events=19, well=10), tmp_path)
    assert report["cannot_answer"] == list(ILL)
    for member in ("discrimination", "calibration", "sensitivity", "sensitivity_intervals", "curves"):
        assert not report[member].keys() & set(ILL), member
    assert all(not at["sensitivity_by_state"] for at in report["alarms"])
    page, _ = write_validation(tmp_path / "out", report, ())
    assert page.read_text("utf-8").count("cannot be answered: under 20 events") == 3
    with pytest.raises(UnusableReport, match="under 20 events"):
        check_events(report)


def test_under_a_hundred_events_it_is_said_beside_every_figure(report: dict[str, Any], pages: dict[str, str]) -> None:
    assert report["few_events"] == list(ILL)
    few = f"cardiac arrest ({report['events']['cardiac_arrest']} events)"
    assert pages["en"].count(few) >= 6  # discrimination by four scorers, calibration, sensitivity


def test_a_page_begins_with_a_picture_and_one_sentence_and_keeps_the_order(
    report: dict[str, Any], pages: dict[str, str]
) -> None:
    text = pages["en"]
    body = text.partition("</h1>")[2].lstrip()
    assert body.startswith("<img")
    assert f"Among {report['data']['patients']} patients, fcv-sim/2.0.0 found" in body
    assert f"En {report['data']['patients']} pacientes" in body
    order = ["Patients, and what", "Events:", "Discrimination", "Calibration", "Sensitivity", "Onsets found", "Burden"]
    places = [text.index(f"<h2>{title}") for title in [*order, "Subgroups", "Beside simpler scorers"]]
    assert places == sorted(places)


def test_the_page_in_spanish_has_no_english_title_head_or_word(pages: dict[str, str]) -> None:
    page = pages["es"]
    assert "<html lang=es>" in page
    assert "<h1>¿Funciona fcv-sim/2.0.0 aquí?</h1>" in page
    assert "La deriva no se muestra" in page
    assert '<a href="report.es.html">En español</a>' in pages["en"]
    assert not re.search(r"<t[dh]>[^<]*\b(the|of|cannot|patients|onsets)\b", page)
    assert page.count("<table><thead>") == pages["en"].count("<table>")  # a head is printed on each page


def test_all_that_a_page_can_say_has_its_spanish(report: dict[str, Any]) -> None:
    finding = {"what": "gaps", "sign": "", "value": 0.1, "low": 0.0, "high": 0.2, "verdict": "drift"}
    drift = {"findings": [finding | {"now": 1, "reference": 2}]}
    flow = [report["flow"][0] | {"reason": each} for each in [*PARTS, NO_LABEL, NO_ROWS, ONSET_OUTSIDE, TOO_SHORT]]
    full = report | {"drift": drift, "flow": flow, "policy": {"policy": "ours/1", "sha256": "a", "silence_minutes": 60}}
    found = list(tables(full))
    seen = {text for title, head, rows in found for text in (title, *head, *(cell for row in rows for cell in row))}
    same = {text for text in seen if in_spanish(text) == text and re.search(r"[a-zA-Z]{3}", text)}
    assert same == {"AUROC", "AUPRC", "AUROC (95 %)", "AUPRC (95 %)", report["model"]}
    assert "Carga de la política ours/1 en estancias enteras" in [table_in(each, "es")[0] for each in found]
    assert in_spanish("3 of 4: 0.750 (0.300 to 0.954)") == "3 de 4: 0,750 (0,300 a 0,954)"


def test_a_figure_that_rests_on_one_patient_is_marked_and_no_other(report: dict[str, Any]) -> None:
    own = report["calibration"]["low_cardiac_output"]
    heavy = {"low_cardiac_output": own | {"one_patient": own["one_patient"] | {"brier_skill": 0.6}}}
    marked = report | {"calibration": report["calibration"] | heavy}
    assert (resting(report), resting(marked)) == ([], ["brier skill of low cardiac output (60%)"])
    before, after = ({cell for *_, rows in tables(each) for row in rows for cell in row} for each in (report, marked))
    (cell,) = after - before
    assert cell.endswith(" † rests on one patient (60%)")
    assert in_spanish(cell).endswith(") † depende de un paciente (60%)")


def test_baselines_learn_from_the_early_part_alone(gathered: Gathered, report: dict[str, Any]) -> None:
    assert report["split"]["kind"] == "temporal"
    assert report["data"]["windows"] == report["split"]["late_windows"] < len(gathered)
    assert set(report["differences"]) == set(report["baselines"]) == {*FITTED, EARLY_WARNING}


def test_subgroups_with_too_few_events_have_no_figure(report: dict[str, Any]) -> None:
    months = [each for each in report["subgroups"] if each["by"] == "month"]
    assert sum(each["windows"] for each in months) == report["data"]["windows"]
    for each in months:
        assert each["cannot_answer"] == (each["events"] < 20) == ("auroc" not in each)


def test_a_report_is_attested_for_its_own_model_manifest_and_data_alone(
    report: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    own = Artifact.load(SHIPPED_IN / SHIPPED).manifest
    path = tmp_path / "report.json"
    path.write_bytes(orjson.dumps(report))
    evidenced = Evidenced(path, folder / "export.csv", folder / "outcomes.csv", "Dr. Eva Ruiz")
    check_subject(own, report)
    assert attest(own, report, evidenced).evidence is Evidence.RETROSPECTIVE
    for other in (replace(own, version="2.0.1"), replace(own, step_minutes=6.0)):
        with pytest.raises(UnusableReport):
            check_subject(other, report)
    with pytest.raises(UnusableReport, match="is not the file that the report was made from"):
        attest(own, report, replace(evidenced, data=path))
