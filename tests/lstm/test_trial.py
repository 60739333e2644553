"""The first load of a flatbuffer: in a child, once a model and runtime."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from malformed import UNTRAINED, malformed

from fcv_api.lstm import trial
from fcv_api.lstm.artifact import Artifact, ArtifactError
from fcv_api.settings import ROOT

SOUND = Artifact.load(UNTRAINED)
# Each has it from an import or a trial, whose child has loaded it.
LOAD_WITHOUT_A_TRIAL = {
    *("lstm/trial.py", "lstm/trial_child.py", "lstm/keras_import.py"),
    *("cli/expectation.py", "training/reference.py", "bulk/part.py"),
    "lstm/refit.py",  # of a parent that was tried when it was loaded
}


@pytest.fixture(autouse=True)
def _new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_loaded_here", set())


def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_loaded_here", set())
    monkeypatch.setattr(trial, "CHILD", "no_such_module")


def test_a_malformed_flatbuffer_ends_a_child_and_not_this_process() -> None:
    with pytest.raises(ArtifactError, match=r"fcv-untrained/6\.6\.6 ended the process that loaded it \(signal 11: its"):
        trial.load(malformed())


def test_a_sound_one_is_loaded_and_tried_once_by_each_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert trial.load(SOUND, tmp_path).identity == SOUND.manifest.identity
    no_child(monkeypatch)
    trial.load(SOUND, tmp_path)
    monkeypatch.setattr(trial, "RUNTIME", "another runtime")
    no_child(monkeypatch)
    with pytest.raises(ArtifactError, match=r"code 1: .*no_such_module"):
        trial.load(SOUND, tmp_path)


def test_a_process_tries_no_model_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    trial.load(SOUND)
    monkeypatch.setattr(trial, "CHILD", "no_such_module")
    trial.load(SOUND)


def test_nothing_bad_is_remembered(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ArtifactError, match="signal 11"):
            trial.load(malformed(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"0" * 64])
def test_verdicts_that_cannot_be_read_are_none(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / trial.VERDICTS).write_bytes(content)
    no_child(monkeypatch)
    with pytest.raises(ArtifactError, match="no_such_module"):
        trial.load(SOUND, tmp_path)


def test_where_no_verdict_can_be_kept_a_model_is_loaded_all_the_same(tmp_path: Path) -> None:
    assert trial.load(SOUND, tmp_path / "not there")
    assert not (tmp_path / "not there").exists()


def test_golden_windows_that_do_not_come_out_are_told_as_ever() -> None:
    population = {"kind": "population", "mean": [0.0] * 9, "deviation": [1.0] * 9}
    with pytest.raises(ArtifactError, match="golden window 0"):
        trial.load(Artifact(replace(SOUND.manifest, scaling=population), SOUND.flatbuffer))


def test_every_model_that_comes_from_elsewhere_is_tried_first() -> None:
    loading = {
        str(path.relative_to(ROOT / "fcv_api"))
        for path in (ROOT / "fcv_api").rglob("*.py")
        if "LiteRtModel" in (text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "LiteRtModel"
    }
    assert loading == LOAD_WITHOUT_A_TRIAL
