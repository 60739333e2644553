"""`fcv score` is killed again and again, wherever it is: its output is that of a run that was left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fcv_api.settings import ROOT

SHORT = os.environ.get("FAULTS_SHORT") == "1"
STAYS, KILLS, ROWS = (60, 2, 6_000) if SHORT else (1000, 12, 20_000)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "fcv_api.cli", *map(str, arguments)]


def environment(folder: Path) -> dict[str, str]:
    own = {"FCV_DATABASE_URL": f"sqlite:///{folder / 'none.db'}", "FCV_TIMEZONE": "America/Bogota"}
    return {**os.environ, **own, "PYTHONPATH": str(ROOT)}


def run(folder: Path, *arguments: object) -> None:
    subprocess.run(command(*arguments), env=environment(folder), cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give simulated stays, which take long to draw."""
    folder = tmp_path_factory.mktemp("export")
    run(folder, "simulate", "--patients", STAYS, "in.csv", "labels.csv")
    return folder / "in.csv"


def test_kills_at_any_moment_lose_and_double_no_row(tmp_path: Path, export: Path) -> None:
    start = time.monotonic()
    run(tmp_path, "score", export, "-o", "whole.parquet", "--rolling", "--rows", ROWS)
    usual = time.monotonic() - start
    score = command("score", export, "-o", "killed.parquet", "--rolling", "--rows", ROWS)
    dice, killed, scored = np.random.default_rng(4), 0, 0
    for _ in range(KILLS):
        with subprocess.Popen(
            score, env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                process.wait(dice.uniform(0.2, 1) * usual)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                killed += 1
        done = len(list(tmp_path.glob(".killed.parquet.unfinished/scores/*.arrow")))
        assert done >= scored or (tmp_path / "killed.parquet").exists()
        scored = done
    print(f"\nkilled {killed} of {KILLS} times, over {usual:.1f} s; {scored} parts were scored before the last run")
    assert killed
    run(tmp_path, "score", export, "-o", "killed.parquet", "--rolling", "--rows", ROWS)
    assert pq.read_table(tmp_path / "killed.parquet").equals(pq.read_table(tmp_path / "whole.parquet"))
    assert not list(tmp_path.glob(".killed*"))


def test_no_process_outlives_a_command_that_was_killed(tmp_path: Path, export: Path) -> None:
    score = command("score", export, "-o", "out.parquet", "--rolling", "--rows", ROWS // 4, "--processes", 2)
    with subprocess.Popen(
        score, env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not list(tmp_path.glob(".out.parquet.unfinished/scores/*.arrow")):
            time.sleep(0.01)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGKILL)
    assert len(children) >= 2
    end = time.monotonic() + 10
    while (left := [child for child in children if Path(f"/proc/{child}").exists()]) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == []
