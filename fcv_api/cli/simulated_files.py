"""Simulated stays as files, which takes the extra `train`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fcv_api.training import marginals
from fcv_api.training import simulate as simulator
from fcv_api.wire.files import replaced
from fcv_api.wire.stays import write_stays


def write(patients: int, seed: int, artefacts: float, report: Path | None, files: tuple[Path, Path]) -> None:
    """Write stays and their labels, and compare them with the signs' limits. files: the export and the labels."""
    stays = simulator.simulate(patients, seed, simulator.first_id(seed), artefacts)
    with click.progressbar(stays, length=patients, label="Simulating", file=sys.stderr) as bar:
        count = write_stays(*files, bar)
    if report:
        with replaced(report) as part:
            part.write_text(marginals.report(list(simulator.simulate(patients, seed))), "utf-8")
    click.echo(f"Wrote {count} simulated stays to {files[0]}, and their labels to {files[1]}.")
