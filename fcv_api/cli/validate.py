"""`fcv validate`: does a model work here, on the patients of this hospital?"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from fcv_api.app import database_app
from fcv_api.cli.exports import form_of, origin_of
from fcv_api.cli.flow import print_flow
from fcv_api.cli.validation_task import Task, over_the_record
from fcv_api.lstm.artifact import Manifest
from fcv_api.lstm.registry import Registry
from fcv_api.settings import Settings
from fcv_api.training.fingerprints import Fingerprints
from fcv_api.validation.cells import resting
from fcv_api.validation.drift import compare_with
from fcv_api.validation.flow_notes import flow, flow_notes
from fcv_api.validation.from_export import ExportSource, gather_export
from fcv_api.validation.gathered import Gathered
from fcv_api.validation.members import Subject, drift_members, refit_members, validation_members
from fcv_api.validation.observed import observed_of
from fcv_api.validation.page import write_validation
from fcv_api.validation.refit import fit_refit, save_refit
from fcv_api.validation.sentence import sentence
from fcv_api.validation.split import Split, split_in_time, unsplit

UNCHECKED = "Whether the model learnt from any of these patients is not known: its manifest does not say from whom."


def validate(export: Path | None, outcomes: Path | None, **said: Any) -> None:  # noqa: ANN401 - click's options
    if (said["refit"] is None) != (said["version"] is None):
        raise click.UsageError("--refit and --version go together.")
    if (export is None) != (outcomes is None) or (export is None and said["since"] is None):
        raise click.UsageError("Give EXPORT and OUTCOMES, or --since for the record.")
    task = Task.of(Settings.from_environment(), said)
    with TemporaryDirectory(prefix="fcv-validate-") as folder:  # its mode is 0700
        if export is None or outcomes is None:
            with database_app(task.settings).app_context():
                gathered, files, checked = over_the_record(task, Path(folder))
        else:
            gathered = gather_export(_source(task, export, outcomes), task.model, Path(folder))
            files, checked = (export, outcomes), task.checked
        origin = origin_of(gathered.sites, said["origin"])
        report_on(task, gathered, Subject(task.manifest, task.horizon, origin, files, checked, task.followed))


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
    for figure in resting(report):
        click.echo(f"† rests on one patient: {figure}")
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
        policy=task.followed.policy if task.followed else None,
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
