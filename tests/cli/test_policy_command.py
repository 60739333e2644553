"""`fcv policy`: what is put in force, and everything that is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from conftest import MakeSettings

from fcv_api.alerts.policies import policy_sha256
from fcv_api.cli import main
from fcv_api.cli.policy_table import SCHEMA
from fcv_api.domain.evidence import Evidence
from fcv_api.lstm.artifact import Artifact
from fcv_api.lstm.attestation import Attestation
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN

POLICY = "fcv-sim-score/1.0.0"
TEXT = (SHIPPED_IN / "policies" / POLICY / "policy.toml").read_text("utf-8")
RAW = 'name = "raw"\nversion = "1"\nsilence_minutes = 30\nwarnings = ["critical_value"]\n'
Run = Callable[..., Result]


@pytest.fixture
def run(make_settings: MakeSettings, tmp_path: Path) -> Run:
    """Run `fcv` on a migrated database, with a model and two policies of its own."""
    shutil.copytree(SHIPPED_IN / SHIPPED, tmp_path / "models" / SHIPPED)
    own = tmp_path / "models" / "policies" / "raw" / "1"
    own.mkdir(parents=True)
    (own / "policy.toml").write_text(RAW)
    make_settings(MODELS_DIR=str(tmp_path / "models"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    assert run("db", "upgrade").exit_code == 0
    return run


def attest(tmp_path: Path) -> None:
    """Give the model an attestation as `fcv model attest` writes it."""
    folder = tmp_path / "models" / SHIPPED
    manifest = Artifact.load(folder).manifest
    made = Attestation(
        "retrospective", manifest.canonical_sha256, "a", "b", None, {}, "Eva", "2026-01-01T00:00:00+00:00"
    )
    replace(manifest, evidence=Evidence.RETROSPECTIVE, attestation=made).replace_in(folder)


def table(tmp_path: Path, text: str = TEXT, **other: Any) -> str:
    """Write the table that `fcv alerts simulate` would, and return where."""
    manifest = Artifact.load(SHIPPED_IN / SHIPPED).manifest
    name = POLICY if text == TEXT else "raw/1"
    hashes = {"policy_sha256": policy_sha256(text), "model_sha256": manifest.sha256}
    written = {"schema": SCHEMA, "policy": name, "model": SHIPPED, "figures": {"whole_stays": {}}} | hashes | other
    path = tmp_path / "table.json"
    path.write_bytes(orjson.dumps(written))
    return str(path)


def activate(run: Run, reference: str, table: str) -> Result:
    return run("policy", "activate", reference, "--table", table, "--reason", "a trial", "--by", "eva")


def test_a_policy_of_scores_needs_an_attested_model(run: Run, tmp_path: Path) -> None:
    refused = activate(run, POLICY, table(tmp_path))
    assert refused.exit_code == 1
    assert "model fcv-sim/2.0.0 was never validated on real patients" in refused.output
    attest(tmp_path)
    done = activate(run, POLICY, table(tmp_path))
    assert f"{POLICY} in force on fcv-sim/2.0.0 from" in done.output
    assert '"policy-activated"' in (tmp_path / "logs" / "security.log").read_text("utf-8")
    assert f"* {POLICY}" in run("policy", "list").output


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"policy_sha256": "0" * 64}, "The table is of policy fcv-sim-score/1.0.0 with sha256 0000"),
        ({"model_sha256": "0" * 64}, "The table is of model fcv-sim/2.0.0 with sha256 0000"),
        ({"schema": "fcv-report-1"}, "is no table of `fcv alerts simulate`"),
        ({"figures": {}}, "is no table of `fcv alerts simulate`"),
    ],
)
def test_a_table_of_anything_else_puts_nothing_in_force(
    run: Run, tmp_path: Path, other: dict[str, Any], sentence: str
) -> None:
    attest(tmp_path)
    refused = activate(run, POLICY, table(tmp_path, **other))
    assert (refused.exit_code, sentence in refused.output) == (1, True), refused.output
    assert "No policy is in force" in run("policy", "list").output


def test_raw_warnings_alert_without_an_attested_model_but_not_without_a_table(run: Run, tmp_path: Path) -> None:
    assert "--table" in run("policy", "activate", "raw/1", "--reason", "x").output
    assert "raw/1 in force from" in activate(run, "raw/1", table(tmp_path, RAW)).output


def test_a_rollback_puts_back_what_was_in_force_before_or_nothing(run: Run, tmp_path: Path) -> None:
    assert "nothing to go back to" in run("policy", "rollback").output
    attest(tmp_path)
    activate(run, "raw/1", table(tmp_path, RAW))
    activate(run, POLICY, table(tmp_path))
    assert "raw/1 in force" in run("policy", "rollback").output
    assert "No policy is in force from" in run("policy", "deactivate", "--reason", "too loud").output
    assert "raw/1 in force" in run("policy", "rollback").output
    lines = run("policy", "history").output.splitlines()
    assert [line.split()[4] for line in lines] == ["raw/1", "no", "raw/1", POLICY, "raw/1"]
    assert lines[1].endswith("too loud")


def test_a_rollback_to_the_scores_of_a_model_that_is_not_active_is_refused(run: Run, tmp_path: Path) -> None:
    attest(tmp_path)
    activate(run, POLICY, table(tmp_path))
    activate(run, "raw/1", table(tmp_path, RAW))
    shutil.rmtree(tmp_path / "models" / SHIPPED)
    assert "was never validated" in run("policy", "rollback").output


def test_policies_are_listed_and_shown_and_an_unusable_one_is_a_sentence(run: Run, tmp_path: Path) -> None:
    assert run("policy", "list").output.split() == [
        POLICY,
        "raw/1",
        *["No", "policy", "is", "in", "force:", "nothing", "alerts."],
    ]
    assert f"sha256 {policy_sha256(TEXT)}" in run("policy", "show", POLICY).output
    assert "Say which version" in run("policy", "show", "raw").output
    assert "No such file" in run("policy", "show", "raw/2").output
    (tmp_path / "models" / "policies" / "raw" / "1" / "policy.toml").write_text(RAW.replace('"1"', '"2"'))
    assert "holds raw/2, which is not what its path says" in run("policy", "show", "raw/1").output


def test_without_a_record_no_policy_is_put_in_force(run: Run, tmp_path: Path, make_settings: MakeSettings) -> None:
    make_settings(MODELS_DIR=str(tmp_path / "models"), LEDGER="off")
    assert "FCV_LEDGER is off" in activate(run, "raw/1", table(tmp_path, RAW)).output
