"""The integrator's guide says every reason, key and setting, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.sources_file import KEYS


@pytest.mark.parametrize("name", ["hl7.md", "hl7.es.md"])
def test_every_reason_and_every_key_is_tabled_and_no_other(root: Path, name: str) -> None:
    text = (root / "docs" / name).read_text("utf-8")
    firsts = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    tabled = {word for cell in firsts for word in re.findall(r"`([^`]+)`", cell)}
    assert tabled == {reason.value for reason in Reason} | set(KEYS) | {"AA", "AE", "AR"}
