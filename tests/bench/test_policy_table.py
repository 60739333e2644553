"""The burden of the shipped policy is told as it was measured, in both languages."""

from __future__ import annotations

import pytest

from bench.policy import BEGIN, END, FOLDER, PAGES, read, section
from fcv_api.alerts.policies import policy_sha256
from fcv_api.cli.policy_files import read_policy
from fcv_api.cli.policy_table import check_table, read_table
from fcv_api.lstm.registry import SHIPPED, SHIPPED_IN, Registry


@pytest.mark.parametrize("language", PAGES)
def test_the_documents_hold_the_table_that_was_measured(language: str) -> None:
    text = PAGES[language].read_text("utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == section(read(), language)
    assert len(read()["operating_points"]) == 3


def test_the_table_is_of_the_shipped_policy_and_of_the_shipped_model() -> None:
    policy = read_policy(SHIPPED_IN, "fcv-sim-score/1.0.0")
    sha256 = Registry(SHIPPED_IN).artifact(SHIPPED).manifest.sha256
    check_table(read_table(FOLDER / "table.json"), (str(policy.policy), policy_sha256(policy.text)), (SHIPPED, sha256))
    shown = "\n".join(policy.text.splitlines()[1:])
    assert all(line in shown for line in ('name = "fcv-sim-score"', "silence_minutes = 60"))
