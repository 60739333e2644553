"""`fcv validate`: does a model work here, on the patients of this hospital?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np

from fcv_api.app import database_app
from fcv_api.cli.active import artifact_of
from fcv_api.cli.exports import ENCODING, ORDER, form_of, origin_of
from fcv_api.cli.flow import print_flow
from fcv_api.lstm import trial
from fcv_api.lstm.artifact import Artifact, Manifest
from fcv_api.lstm.registry import Registry, check_part
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.settings import Settings
from fcv_api.training.dataset import Horizon
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.validation.drift import compare_with
from fcv_api.validation.flow_notes import flow, flow_notes
from fcv_api.validation.from_export import ExportSource, gather_export
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.members import Subject, drift_members, refit_members, validation_members
from fcv_api.validation.observed import observed_of
from fcv_api.validation.page import write_validation
from fcv_api.validation.refit import KINDS, fit_refit, save_refit
from fcv_api.validation.sentence import sentence
from fcv_api.validation.split import EARLY_SHARE, Split, split_in_time, unsplit
from fcv_api.wire.validation_report import ORIGINS

FILE = click.Path(dir_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M"])
USUAL_HORIZON = 30.0
UNCHECKED = "Whether the model learnt from any of these patients is not known: its manifest does not say from whom."


@click.command("validate")
@click.argument("export", type=FILE)
@click.argument("outcomes", type=FILE)
@click.option("--model", "reference", metavar="NAME[/VERSION]", help="Which model, instead of the active one.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The report's folder.")
@click.option("--since", type=DAY, help="Only stays that begin then or later, in FCV_TIMEZONE.")
@click.option("--split", type=click.Choice(["temporal", "none"]), default="temporal", show_default=True)
@click.option(
    "--early",
    type=click.FloatRange(0.1, 0.9),
    default=EARLY_SHARE,
    show_default=True,
    help="The share of stays that come first, for baselines and a refit.",
)
@click.option("--refit", type=click.Choice(KINDS), help="Refit on the early part, and show both on the late one.")
@click.option("--version", help="Of the refitted model, which is saved.")
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, help="Ask at each so many instants.")
@click.option("--horizon", type=click.FloatRange(0, min_open=True), help="Minutes.  [default: the model's own, or 30]")
@click.option("--origin", type=click.Choice(ORIGINS), default="unstated", show_default=True, help="Whose patients.")
@click.option("--other-hospital", is_flag=True, help="EXPORT is not of the hospital that the model learnt from.")
@ENCODING
@ORDER
def validate(export: Path, outcomes: Path, **said: Any) -> None:  # noqa: ANN401 - click's options, by name
    """Measure a model on EXPORT and OUTCOMES, in time: what came first may be learnt from, the rest is measured.

    Writes report.html, and report.json for `fcv model attest`. Patients that the model learnt from are refused.
    """
    if (said["refit"] is None) != (said["version"] is None):
        raise click.UsageError("--refit and --version go together.")
    settings = Settings.from_environment()
    task = Task.of(settings, said)
    with TemporaryDirectory(prefix="fcv-validate-") as folder:  # its mode is 0700
        gathered = gather_export(_source(task, export, outcomes), task.model, Path(folder))
        origin = origin_of(gathered.sites, said["origin"])
        report_on(task, gathered, Subject(task.manifest, task.horizon, origin, (export, outcomes), task.checked))


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of a validation. said: the command's options, by name."""

    settings: Settings
    artifact: Artifact
    model: LiteRtModel
    horizon: Horizon
    said: dict[str, Any]

    @classmethod
    def of(cls, settings: Settings, said: dict[str, Any]) -> Task:
        """Load the model that is asked about. Raises ArtifactError."""
        with database_app(settings).app_context():
            artifact = artifact_of(settings, said["reference"])
        if said["version"]:
            _check_free(settings, artifact.manifest, said["version"])
        minutes = said["horizon"] or artifact.manifest.horizon_minutes or USUAL_HORIZON
        return cls(settings, artifact, trial.load(artifact, settings.log_dir), Horizon(minutes, said["every"]), said)

    @property
    def manifest(self) -> Manifest:
        """The model's."""
        return self.artifact.manifest

    @property
    def checked(self) -> bool:
        """Whether the manifest says from whom the model learnt, all of them."""
        learnt = self.manifest.learnt_from
        return learnt is not None and not learnt.get("incomplete")

    @property
    def since(self) -> np.datetime64 | None:
        """When the stays begin that are asked for, in UTC."""
        day: datetime | None = self.said["since"]
        if day is None:
            return None
        moment = day.replace(tzinfo=self.settings.timezone).astimezone(UTC)
        return np.datetime64(moment.replace(tzinfo=None), "us")


def report_on(task: Task, gathered: Gathered, subject: Subject) -> None:
    """Split, measure, refit where that is asked for, and write the report."""
    split = unsplit(gathered) if task.said["split"] == "none" else split_in_time(gathered, task.said["early"])
    print_flow(flow(gathered, split.late))
    for note in flow_notes(gathered, split.late):
        click.echo(f"  of those: {note.encounters} {note.note}")
    more = _drift(task.manifest, gathered, split)
    child = None
    if task.said["refit"]:
        refit = fit_refit(gathered, split, task.said["refit"])
        child = save_refit(task.artifact, refit, task.said["version"], (gathered, split))
        more["refit"] = refit_members(gathered, split, refit, child.manifest)
    click.echo("Measuring the model and simpler scorers: minutes for 1,000 patients.", err=True)
    report = validation_members(subject, gathered, split, more)
    page, data = write_validation(task.said["out"], report, _notes(task))
    click.echo(f"{sentence(report)[0]} Wrote {page} and {data}.")
    if child:
        folder = Registry(task.settings.models_dir).models_dir / str(child.manifest.identity)
        child.save(folder)
        click.echo(f"Saved {child.manifest.identity}, which names its parent, in {folder}.")


def _source(task: Task, export: Path, outcomes: Path) -> ExportSource:
    learnt = task.manifest.learnt_from
    return ExportSource(
        export,
        outcomes,
        task.settings.timezone,
        form_of(task.said),
        task.horizon,
        task.since,
        Fingerprints.read(learnt) if learnt else None,
        other_hospital=task.said["other_hospital"],
    )


def _drift(manifest: Manifest, gathered: Gathered, split: Split) -> dict[str, Any]:
    """Return what of the late part differs from the manifest's reference; nothing where it has none."""
    if manifest.drift is None:
        return {}
    return {"drift": drift_members(compare_with(manifest.drift, observed_of(gathered, split.late)), manifest.drift)}


def _notes(task: Task) -> tuple[str, ...]:
    return (
        f"Evidence of this model: {task.manifest.evidence.value}. Horizon: {task.horizon.minutes:g} minutes.",
        *([] if task.checked else [UNCHECKED]),
        *([] if task.manifest.drift else ["Drift is not shown: the model's manifest has no reference of it."]),
    )


def _check_free(settings: Settings, manifest: Manifest, version: str) -> None:
    """Refuse a version that is there, before hours of work."""
    folder = settings.models_dir / manifest.name / check_part(version)
    if folder.exists():
        raise click.UsageError(f"{folder} exists; give another --version.")
