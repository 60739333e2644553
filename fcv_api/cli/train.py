"""`fcv train`: a labelled export in, a model that this service can run out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from fcv_api.cli.exports import form_of, origin_of, read_labelled
from fcv_api.cli.flow import print_flow
from fcv_api.domain.evidence import TrainedOn
from fcv_api.domain.samples import Sampling
from fcv_api.lstm.artifact import ArtifactError
from fcv_api.lstm.network import Recipe
from fcv_api.lstm.registry import check_part
from fcv_api.settings import Settings
from fcv_api.training.about import About
from fcv_api.training.dataset import Horizon
from fcv_api.training.train import Plan, Progress, Trained, train
from fcv_api.wire.files import write_json


def command(export: Path, labels: Path, **said: Any) -> None:  # noqa: ANN401 - click's options, by name
    settings = Settings.from_environment()
    plan = _plan(said)
    folder = (said["out"] or settings.models_dir) / plan.name / plan.version
    if folder.exists():
        raise ArtifactError(f"{folder} exists; give another --version.")
    cohort = read_labelled((export, labels), settings, form_of(said), plan.horizon)
    with bars() as progress:
        trained = train(
            cohort, replace(plan, trained_on=TrainedOn(origin_of(cohort.sites, said["trained_on"]))), progress
        )
    if said["summary"]:
        write_json(said["summary"], trained.summary)
    trained.artifact.save(folder)
    _print_trained(trained, folder)


def _plan(said: dict[str, Any]) -> Plan:
    parts = ("layer", "units", "activation", "epochs", "batch", "rate", "patience", "noise", "seed")
    return Plan(
        name=check_part(said["name"]),
        version=check_part(said["version"]),
        scaling=said["scaling"],
        sampling=Sampling(said["sampling"]),
        horizon=Horizon(said["horizon"], said["every"]),
        recipe=Recipe(**{part: said[part] for part in parts}),
        trained_on=TrainedOn(said["trained_on"]),
        about=About(said["setting"], said["owner"], said["expires"] and said["expires"].date()),
    )


@contextmanager
def bars() -> Iterator[Progress]:
    """Show a bar after another on a terminal, and a line each elsewhere."""
    bars: dict[str, Any] = {}

    def finish() -> None:
        for bar in bars.values():
            bar.render_finish()
        bars.clear()

    def progress(what: str, done: int, count: int) -> None:
        if what not in bars:
            finish()
            bars[what] = click.progressbar(length=count, label=what, file=sys.stderr)
            bars[what].render_progress()
        bars[what].update(done - bars[what].pos)

    try:
        yield progress
    finally:
        finish()


def _print_trained(trained: Trained, folder: Path) -> None:
    summary = trained.summary
    print_flow(trained.flow)
    click.echo(f"Trained {summary['model']} in {summary['epochs']} epochs, and imported it to {folder}")
    for name, purpose in (("train", "learnt from"), ("validation", "calibrated by")):
        patients, windows = (sum(summary[name][kind].values()) for kind in ("patients", "windows"))
        click.echo(f"  {purpose}: {windows} windows of {patients} patients")
    fitted = summary["calibration"]
    click.echo(f"  log loss: {fitted['log_loss_before']:.3f} before calibration, {fitted['log_loss_after']:.3f} after")
    for warning in summary["warnings"]:
        click.echo(f"  WARNING: {warning}")
    click.echo("  Measure it on patients it has not seen, with `fcv evaluate`, before it says anything to anybody.")
