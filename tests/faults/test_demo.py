"""`examples/demo.py`, which `make demo` runs: here with what it needs, and to its end."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_the_demonstration_prints_an_answer_and_the_score_of_a_bed_that_was_fed(root: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "examples/demo.py"], cwd=root, capture_output=True, text=True, check=True, timeout=400
    )
    assert "Encounter 5501: " in shown.stdout
    assert "evidence: unvalidated" in shown.stdout
    assert "1562 rows: 1562 new, 0 errors" in shown.stdout
    assert "Recorded 1 turn." in shown.stdout
    assert re.search(r"Bed SIM-01, scored: .*\n(WARNING .*\n)*Encounter 100000: \w+\n", shown.stdout)
