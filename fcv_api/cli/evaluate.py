"""`fcv evaluate`: a model of the registry against a labelled export, beside baselines."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from fcv_api.app import database_app
from fcv_api.cli.active import artifact_of
from fcv_api.domain.window import WindowSpec
from fcv_api.lstm import trial
from fcv_api.settings import Settings
from fcv_api.training.dataset import Cohort, Horizon, Label, LabelledWindows, UnusableData, cut_windows
from fcv_api.training.evaluate import compare, score_windows, spec_in_order
from fcv_api.training.report import write_report
from fcv_api.training.tables import headline
from fcv_api.wire.export import read_cohort

FILE = click.Path(dir_okay=False, path_type=Path)
USUAL_HORIZON = 30.0


@click.command("evaluate")
@click.argument("export", type=FILE)
@click.argument("labels", type=FILE)
@click.option("--model", "reference", metavar="NAME[/VERSION]", help="Which model, instead of the active one.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The report's folder.")
@click.option("--train", type=FILE, help="An export of other patients, to fit the baselines on.")
@click.option("--train-labels", type=FILE, help="Its labels.")
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, help="Ask at each so many instants.")
@click.option("--horizon", type=click.FloatRange(0), help="Minutes ahead.  [default: the model's own, or 30]")
def evaluate(
    export: Path,
    labels: Path,
    reference: str | None,
    out: Path,
    train: Path | None,
    train_labels: Path | None,
    every: int,
    horizon: float | None,
) -> None:
    """Measure a model on EXPORT and LABELS, and write report.html and report.json.

    Without --train, baselines are fitted on EXPORT itself, in five folds by patient.
    """
    if (train is None) != (train_labels is None):
        raise click.UsageError("--train and --train-labels go together.")
    settings = Settings.from_environment()
    with database_app(settings).app_context():
        model = trial.load(artifact_of(settings, reference), settings.log_dir)
    ahead = Horizon(horizon or model.manifest.horizon_minutes or USUAL_HORIZON, every)
    cut = Cutter(settings, spec_in_order(model), ahead)
    windows = cut(export, labels)
    learnt = cut(train, train_labels) if train and train_labels else None
    if learnt and _stays(learnt) & _stays(windows):
        raise UnusableData(f"{train} holds stays of {export}: baselines would know them already.")
    scores = score_windows(model, windows, lambda raw: tqdm(raw, desc="Scoring", unit="window"))
    click.echo("Assessing the model and its baselines: a few minutes for 1,000 patients.", err=True)
    comparison = compare(windows, {str(model.identity): scores}, learnt)
    notes = (f"Evidence of this model: {model.identity.evidence.value}.", f"Horizon: {ahead.minutes:g} minutes.")
    page, data = write_report(out, comparison, notes)
    click.echo(f"{headline(comparison['scorers'][comparison['model']])}. Wrote {page} and {data}.")


def _stays(windows: LabelledWindows) -> set[tuple[str, int]]:
    """Return whose windows end when: ids alone are no proof, for each simulated file counts from the same number."""
    return set(zip(windows.patient.tolist(), windows.end.astype(np.int64).tolist(), strict=True))


class Cutter:
    """Reads an export and its labels, and cuts the windows that a model reads."""

    def __init__(self, settings: Settings, spec: WindowSpec, horizon: Horizon) -> None:
        """Keep what is the same for each file."""
        self.zone, self.spec, self.horizon = settings.timezone, spec, horizon

    def __call__(self, export: Path, labels: Path) -> LabelledWindows:
        """Raise UnusableExport or UnusableData where there is no window."""
        encounters, labelled = read_cohort(export, labels, self.zone)
        named = {number: Label(each.state, each.onset, each.patient) for number, each in labelled.items()}
        return cut_windows(
            Cohort(encounters, named),
            self.spec,
            self.horizon,
            lambda loop, count: iter(tqdm(loop, total=count, desc=f"Reading {export.name}")),
        )
