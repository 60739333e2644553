"""`fcv simulate`: stays to learn from where nobody may share real ones."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fcv_api.training import marginals
from fcv_api.training import simulate as simulator
from fcv_api.wire.files import replaced
from fcv_api.wire.stays import write_stays

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--patients", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="How many stays.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same gives the same stays.")
@click.option(
    "--artefacts",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="The share of stays whose monitors have artefacts.",
)
@click.option("--report", type=FILE, help="Compare them with the limits of the signs, in this Markdown file.")
@click.argument("export", type=FILE)
@click.argument("labels", type=FILE)
def simulate(patients: int, seed: int, artefacts: float, report: Path | None, export: Path, labels: Path) -> None:
    """Write simulated stays to EXPORT and what became of them to LABELS, each a .csv or a .parquet.

    EXPORT has one row a measurement, as a ward's export: idAtencion, idSigno, nomSigno, valor, unidad, fecRegistro.
    LABELS has one row a stay: idAtencion, State, onset, and sede, which is `simulated`. Times are a wall clock's. No
    patient is behind any of it: a model that learns from them knows the simulator.
    """
    stays = simulator.simulate(patients, seed, simulator.first_id(seed), artefacts)
    with click.progressbar(stays, length=patients, label="Simulating", file=sys.stderr) as bar:
        count = write_stays(export, labels, bar)
    if report:
        with replaced(report) as part:
            part.write_text(marginals.report(list(simulator.simulate(patients, seed))), "utf-8")
    click.echo(f"Wrote {count} simulated stays to {export}, and their labels to {labels}.")
