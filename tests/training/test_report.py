"""The report: one page that needs no other file, and the same figures as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from fcv_api.domain.window import WindowSpec
from fcv_api.training.dataset import Horizon, cut_windows
from fcv_api.training.evaluate import compare
from fcv_api.training.report import write_report
from fcv_api.training.simulate import cohort_of, simulate

ROW = {"reason": "no rows in the export", "state": "Sano", "site": "UCI <1>", "patients": 7, "encounters": 9}


@pytest.fixture(scope="module")
def comparison(few_trees: None) -> dict[str, Any]:  # noqa: ARG001 - what it does is wanted
    """Compare a model that says the same of everybody with the baselines."""
    windows = cut_windows(cohort_of(simulate(40, 3)), WindowSpec(), Horizon(every=6))
    return compare(windows, {"<flat>/1": np.full((len(windows), 4), 0.25)}, train=windows) | {"flow": [ROW]}


@pytest.fixture(scope="module")
def written(comparison: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Write the report once: its pictures take seconds."""
    return write_report(tmp_path_factory.mktemp("report") / "out", comparison, ("Simulated patients only.",))


def test_the_page_holds_its_pictures_and_names_every_scorer(written: tuple[Path, Path]) -> None:
    text = written[0].read_text("utf-8")
    assert text.count('src="data:image/png;base64,') == text.count("<img") == 6
    assert "gradient boosting" in text
    assert "&lt;flat&gt;/1" in text
    assert "Simulated patients only." in text


def test_the_page_begins_with_who_was_measured_and_who_was_lost(written: tuple[Path, Path]) -> None:
    text = written[0].read_text("utf-8")
    cells = "<td>no rows in the export</td><td>Sano</td><td>UCI &lt;1&gt;</td><td>7</td><td>9</td>"
    assert text.index("Patients, and what became of them") < text.index(cells) < text.index("Windows before an onset")


def test_the_json_holds_the_same_figures(comparison: dict[str, Any], written: tuple[Path, Path]) -> None:
    told = orjson.loads(written[1].read_bytes())
    assert told["scorers"]["<flat>/1"]["auroc"]["ill"]["value"] == 0.5
    assert told["scorers"].keys() == comparison["scorers"].keys()


def test_nothing_is_left_behind_when_the_report_cannot_be_made(comparison: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_report(tmp_path / "out", comparison | {"model": "other/1"})
    assert list(tmp_path.iterdir()) == []
