"""`fcv evaluate`: a model of the registry against a labelled export, beside baselines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from fcv_api.cli.active import load_model
from fcv_api.cli.exports import form_of, origin_of, read_labelled
from fcv_api.cli.flow import print_flow
from fcv_api.domain.window import WindowSpec
from fcv_api.lstm.artifact import Manifest
from fcv_api.settings import Settings
from fcv_api.training.dataset import Cohort, Horizon, LabelledWindows, UnusableData, cut_windows
from fcv_api.training.evaluate import compare, score_windows, spec_in_order
from fcv_api.training.fingerprints import Fingerprints, refuse_known
from fcv_api.training.flow import flow_of
from fcv_api.training.report import write_report
from fcv_api.training.report_members import Subject, report_members
from fcv_api.training.tables import headline
from fcv_api.wire.file_form import FileForm

USUAL_HORIZON = 30.0


def evaluate(export: Path, labels: Path, **said: Any) -> None:  # noqa: ANN401 - click's options, by name
    if (said["train"] is None) != (said["train_labels"] is None):
        raise click.UsageError("--train and --train-labels go together.")
    settings = Settings.from_environment()
    model = load_model(settings, said["reference"])
    minutes = model.manifest.horizon_minutes if said["horizon"] is None else said["horizon"]
    source = Source(settings, spec_in_order(model), Horizon(minutes or USUAL_HORIZON, said["every"]), form_of(said))
    cohort = source.read(export, labels)
    origin = origin_of(cohort.sites, said["origin"])
    checked = _check_overlap(model.manifest, cohort, other_hospital=said["other_hospital"])
    windows = source.cut(cohort, export.name)
    flow = flow_of(cohort, windows, source.spec, source.horizon)
    print_flow(flow)
    learnt = _baselines(source, said["train"], said["train_labels"], (export, windows))
    scores = score_windows(model, windows, lambda raw: tqdm(raw, desc="Scoring", unit="window"))
    click.echo("Assessing the model and its baselines: a few minutes for 1,000 patients.", err=True)
    subject = Subject(model.manifest, source.horizon, origin, (export, labels), flow, checked)
    comparison = report_members(subject, windows, compare(windows, {str(model.identity): scores}, learnt))
    notes = (
        f"Evidence of this model: {model.identity.evidence.value}.",
        f"Horizon: {source.horizon.minutes:g} minutes.",
        *([] if checked else [UNCHECKED]),
    )
    page, data = write_report(said["out"], comparison, notes)
    click.echo(f"{headline(comparison['scorers'][comparison['model']])}. Wrote {page} and {data}.")


UNCHECKED = "Whether the model learnt from any of these patients is not known: its manifest holds no fingerprints."


def _check_overlap(manifest: Manifest, cohort: Cohort, *, other_hospital: bool) -> bool:
    """Return whether overlap could be looked for. Raises UnusableData where there is some."""
    if manifest.learnt_from is None:
        return False
    known = Fingerprints.read(manifest.learnt_from)
    refuse_known(known, cohort, str(manifest.identity), other_hospital=other_hospital)
    return True


def _baselines(
    source: Source, train: Path | None, labels: Path | None, measured: tuple[Path, LabelledWindows]
) -> LabelledWindows | None:
    """Return the windows to fit baselines on. Raises UnusableData where they are of the measured stays."""
    if train is None or labels is None:
        return None
    export, windows = measured
    learnt = source.cut(source.read(train, labels), train.name)
    if _stays(learnt) & _stays(windows):
        raise UnusableData(f"{train} holds stays of {export}: baselines would know them already.")
    return learnt


def _stays(windows: LabelledWindows) -> set[tuple[str, int]]:
    """Return whose windows end when: ids alone are no proof, for each simulated file counts from the same number."""
    return set(zip(windows.patient.tolist(), windows.end.astype(np.int64).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Source:
    """Reads exports and their labels, and cuts the windows that a model reads."""

    settings: Settings
    spec: WindowSpec
    horizon: Horizon
    form: FileForm

    def read(self, export: Path, labels: Path) -> Cohort:
        """Read who can be measured, and print who cannot. Raises UnusableExport."""
        return read_labelled((export, labels), self.settings, self.form, self.horizon)

    def cut(self, cohort: Cohort, name: str) -> LabelledWindows:
        """Cut the windows. Raises UnusableData where there is none."""
        return cut_windows(
            cohort, self.spec, self.horizon, lambda loop, count: iter(tqdm(loop, total=count, desc=f"Reading {name}"))
        )
