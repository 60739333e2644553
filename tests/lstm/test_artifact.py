"""A model's folder: written whole or not at all, and never trusted when it changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from fcv_api.domain.evidence import Evidence, TrainedOn
from fcv_api.domain.samples import Sampling
from fcv_api.lstm.artifact import FLATBUFFER, MANIFEST, Artifact, ArtifactError, Manifest
from fcv_api.lstm.attestation import canonical_sha256
from fcv_api.settings import ROOT

SHIPPED = ROOT / "models" / "fcv-sim" / "2.0.0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of the shipped model, to spoil."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def attestation(manifest_sha256: str) -> dict[str, Any]:
    hashes = {"manifest_sha256": manifest_sha256, "report_sha256": "1" * 64, "data_sha256": "2" * 64}
    events = {"cardiac_arrest": 20, "low_cardiac_output": 20, "cardiogenic_shock": 20}
    signed = {"signed_by": "Dr. Eva", "at": "2026-11-27T08:00:00+00:00"}
    return {"evidence": "retrospective", "outcomes_sha256": None, "events": events, **hashes, **signed}


def manifest_with(folder: Path, **members: object) -> Manifest:
    """Write members into the manifest, and read it."""
    said = orjson.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_bytes(orjson.dumps(said | members))
    return Artifact.load(folder).manifest


def make_older(folder: Path) -> None:
    """Take from the manifest what no manifest had before evidence was earned."""
    said = orjson.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_bytes(orjson.dumps({key: each for key, each in said.items() if key != "trained_on"}))


def test_a_manifest_survives_writing_and_reading(folder: Path) -> None:
    manifest = Artifact.load(folder).manifest
    assert Manifest.from_json(manifest.as_json()) == manifest


def test_a_flipped_bit_is_noticed(folder: Path) -> None:
    content = bytearray((folder / FLATBUFFER).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / FLATBUFFER).write_bytes(content)
    with pytest.raises(ArtifactError, match=r"model\.tflite: its sha256 is not the manifest's"):
        Artifact.load(folder)


def test_a_truncated_flatbuffer_is_noticed(folder: Path) -> None:
    content = (folder / FLATBUFFER).read_bytes()
    (folder / FLATBUFFER).write_bytes(content[:1000])
    with pytest.raises(ArtifactError, match="sha256"):
        Artifact.load(folder)


@pytest.mark.parametrize("name", [FLATBUFFER, MANIFEST])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name}: No such file"):
        Artifact.load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("signs", ["MDC_TEMP"] * 9),
        ("classes", ["cardiac_arrest"] * 4),
        ("classes", ["sleepy"] * 4),
        ("scaling", {"kind": "log"}),
        ("evidence", "excellent"),
        ("trained_on", "hearsay"),
        ("golden", []),
        ("input_shape", [20, 7]),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(folder: Path, key: str, value: object) -> None:
    manifest = orjson.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_bytes(orjson.dumps(manifest | {key: value}))
    with pytest.raises(ArtifactError, match=r"manifest\.json: the manifest is damaged"):
        Artifact.load(folder)


@pytest.mark.parametrize("value", ["median", None, ["mean"]])
def test_another_sampling_than_the_two_is_refused_by_name(folder: Path, value: object) -> None:
    with pytest.raises(ArtifactError, match=r"sampling .* is neither last nor mean"):
        manifest_with(folder, sampling=value)


def test_a_manifest_that_names_no_sampling_is_of_last_values_and_goes_on_naming_none(folder: Path) -> None:
    written = (folder / MANIFEST).read_bytes()
    manifest = Artifact.load(folder).manifest
    assert (manifest.spec.sampling, manifest.as_json()) == (Sampling.LAST, written)


@pytest.mark.parametrize("sampling", Sampling)
def test_a_sampling_that_is_named_stays_named_and_is_attested(folder: Path, sampling: Sampling) -> None:
    before = Artifact.load(folder).manifest.canonical_sha256
    manifest = manifest_with(folder, sampling=sampling)
    assert manifest.spec.sampling is sampling
    assert orjson.loads(manifest.as_json())["sampling"] == sampling
    assert manifest.canonical_sha256 != before


@pytest.mark.parametrize("word", ["unstated", "random", "simulated"])
def test_an_older_manifests_word_says_what_the_model_learnt_from(folder: Path, word: str) -> None:
    make_older(folder)
    manifest = manifest_with(folder, evidence=word)
    assert (manifest.evidence, manifest.trained_on) == (Evidence.UNVALIDATED, TrainedOn(word))


@pytest.mark.parametrize("word", ["retrospective", "prospective"])
def test_evidence_that_is_claimed_without_a_report_is_stated_and_the_card_says_so(folder: Path, word: str) -> None:
    make_older(folder)
    card = f"- **Evidence:** {word}. **Horizon:** 30 minutes."
    manifest = manifest_with(folder, evidence=word, card=card)
    assert (manifest.evidence, manifest.identity.evidence.validated) == (Evidence.STATED, False)
    assert "**Evidence:** stated, which no report proves, trained on: unstated. **Horizon:**" in manifest.card


def test_evidence_counts_where_it_was_attested_for_this_very_manifest(folder: Path) -> None:
    attested = attestation(manifest_with(folder, evidence="unvalidated", trained_on="hospital").canonical_sha256)
    assert manifest_with(folder, evidence="retrospective", attestation=attested).evidence is Evidence.RETROSPECTIVE
    assert manifest_with(folder, evidence="prospective", attestation=attested).evidence is Evidence.STATED


def test_an_attestation_that_was_copied_from_another_model_earns_nothing(folder: Path) -> None:
    attested = attestation("0" * 64)
    assert manifest_with(folder, evidence="retrospective", attestation=attested).evidence is Evidence.STATED


def test_evidence_outlives_a_version_that_writes_members_that_were_not_there_when_it_was_earned(folder: Path) -> None:
    manifest_with(folder, evidence="retrospective", trained_on="hospital")
    said = orjson.loads((folder / MANIFEST).read_bytes())
    del said["assumed"]  # as if it came with a later version, which would write it empty
    said["attestation"] = attestation(canonical_sha256(said))
    (folder / MANIFEST).write_bytes(orjson.dumps(said))
    assert Artifact.load(folder).manifest.evidence is Evidence.RETROSPECTIVE


def test_evidence_and_card_are_no_part_of_what_is_attested(folder: Path) -> None:
    before = manifest_with(folder, evidence="unvalidated", trained_on="hospital").canonical_sha256
    attested = attestation(before)
    changed = manifest_with(folder, evidence="retrospective", card="Another.", attestation=attested)
    assert changed.canonical_sha256 == before
    assert manifest_with(folder, horizon_minutes=60.0).canonical_sha256 != before


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"name": "x"}', b"\xff"])
def test_a_manifest_that_is_none_is_refused(folder: Path, text: bytes) -> None:
    (folder / MANIFEST).write_bytes(text)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        Artifact.load(folder)


def test_saving_never_writes_over_a_model(folder: Path) -> None:
    artifact = Artifact.load(folder)
    with pytest.raises(ArtifactError, match="exists"):
        artifact.save(folder)


def test_a_save_that_fails_leaves_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = Artifact.load(folder)

    def full_disk(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space"):
        artifact.save(tmp_path / "models" / "new" / "1.0.0")
    assert list((tmp_path / "models" / "new").iterdir()) == []
