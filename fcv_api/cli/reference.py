"""`fcv reference`: the model that this project ships, made again."""

from __future__ import annotations

from pathlib import Path

import click

from fcv_api.cli.train import bars
from fcv_api.lstm.registry import SHIPPED, check_part
from fcv_api.training.reference import Budget, make_reference
from fcv_api.training.report import write_report
from fcv_api.training.tables import headline
from fcv_api.training.train import Plan
from fcv_api.wire.files import write_json

NOTE = "All patients are simulated: this says how a model does on the simulator, and nothing of real patients."


@click.command("reference")
@click.option("--patients", type=click.IntRange(1), default=Budget().patients, show_default=True, help="To learn from.")
@click.option("--tested", type=click.IntRange(1), default=Budget().tested, show_default=True, help="To measure on.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="An empty folder.")
def reference(patients: int, tested: int, out: Path) -> None:
    """Make the shipped model again: simulate, train, and measure on patients whom nothing was chosen by.

    Writes OUT/models/NAME/VERSION, its Keras file, OUT/report.html, OUT/report.json and OUT/trainings.json. On one
    machine it gives the same figures each time.
    """
    name, _, version = SHIPPED.partition("/")
    if out.exists() and any(out.iterdir()):
        raise click.BadParameter(f"{out} is not empty.", param_hint="--out")
    with bars() as progress:
        made = make_reference(Plan(check_part(name), version), Budget(patients, tested), progress)
    write_report(out, made.comparison, (NOTE,))
    write_json(out / "trainings.json", made.trainings)
    (out / made.artifact.manifest.source["file"]).write_bytes(made.keras)
    made.artifact.save(out / "models" / name / version)
    for scorer, each in made.comparison["scorers"].items():
        click.echo(f"{scorer}: {headline(each)}")
    click.echo(f"Wrote {made.comparison['model']}, with {made.trainings['kept']} scaling, to {out}")
