"""`fcv ablation`: what a model is worth without each thing that the simulator was made to do."""

from __future__ import annotations

from pathlib import Path

import click

from fcv_api.cli.active import load_model
from fcv_api.cli.train import bars
from fcv_api.settings import Settings
from fcv_api.training.ablation import MOST, ablate
from fcv_api.wire.files import write_json


def ablation(reference: str | None, patients: int, out: Path) -> None:
    model = load_model(Settings.from_environment(), reference)
    with bars() as progress:
        found = ablate(model, patients, progress)
    write_json(out, found)
    worst = [(abs(change), feature, state) for feature, by in found["changes"].items() for state, change in by.items()]
    size, feature, state = max(worst)
    click.echo(f"Most is {feature}: without it the AUPRC of {state} changes by {size:.0%}. Wrote {out}.")
    if size > MOST:
        raise click.ClickException(f"One feature may be worth {MOST:.0%} at most.")
