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


def reference(patients: int, tested: int, out: Path) -> None:
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
