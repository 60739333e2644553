"""`fcv drift`: whether a model is given today what it was given when it was measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from fcv_api.app import database_app
from fcv_api.cli.active import artifact_of
from fcv_api.domain.encounter import Encounter
from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import utc_text
from fcv_api.lstm.artifact import Manifest
from fcv_api.lstm.registry import Registry
from fcv_api.metrics.disk import DRIFT as DRIFT_FILE
from fcv_api.metrics.disk import written
from fcv_api.settings import Settings
from fcv_api.training.dataset import UnusableData
from fcv_api.training.observed import Observed, observe, reference_of
from fcv_api.validation.drift import DRIFT, FEWEST_PATIENTS, LARGE_DRIFT, Finding, compare_with
from fcv_api.validation.observed import observe_record
from fcv_api.wire.export import stream_export
from fcv_api.wire.table_file import open_table


def drift(context: click.Context, /, export: Path | None, **said: object) -> None:
    if (export is None) == (said["since"] is None):
        raise click.UsageError("Give EXPORT, or --since for the record.")
    settings = Settings.from_environment()
    with database_app(settings).app_context():
        manifest = artifact_of(settings, said["reference"]).manifest  # type: ignore[arg-type]
        observed = _of_record(settings, said) if export is None else _of_export(settings, export, manifest)
    if said["write"]:
        _write(settings, manifest, observed, said)
        return
    if manifest.drift is None:
        raise UnusableData(f"The manifest of {manifest.identity} has no reference: make one with --reference.")
    findings = compare_with(manifest.drift, observed)
    _print(findings, observed, as_json=bool(said["as_json"]))
    if export is None:
        _keep(settings, str(manifest.identity), findings)
    if any(each.verdict in (DRIFT, LARGE_DRIFT) for each in findings):
        context.exit(1)


def _of_record(settings: Settings, said: dict[str, object]) -> Observed:
    ends = [said["since"], said["until"]]
    since, until = (
        utc_text(each.replace(tzinfo=settings.timezone)) if isinstance(each, datetime) else None for each in ends
    )
    return observe_record(query.stream(Wanted(since=since, until=until)))


def _of_export(settings: Settings, export: Path, manifest: Manifest) -> Observed:
    read = stream_export(open_table(export), settings.timezone, None)
    stays = ((each, str(each.id)) for each in read if isinstance(each, Encounter))
    return observe(stays, manifest.spec)


def _write(settings: Settings, manifest: Manifest, observed: Observed, said: dict[str, object]) -> None:
    """Put a reference into a model's folder. Raises UnusableData where there are too few stays for one."""
    if len(observed.asked) < FEWEST_PATIENTS:
        raise UnusableData(f"A reference needs {FEWEST_PATIENTS} stays at least; there are {len(observed.asked)}.")
    registry = Registry(settings.models_dir)
    folder = registry.folder(str(manifest.identity))
    here = registry.artifact(str(manifest.identity)).manifest
    about = {"from": "record" if said["since"] else "export", "made": datetime.now(UTC).isoformat(timespec="seconds")}
    replace(here, drift=reference_of(observed, about)).replace_in(folder)
    click.echo(
        f"{manifest.identity}: the reference is of {len(observed.asked)} stays and {len(observed.last)} windows."
    )
    click.echo(f"Put it into service with: fcv model activate {manifest.identity} --reason 'reference of drift'")


def _keep(settings: Settings, model: str, findings: list[Finding]) -> None:
    """Leave what was found of the record where the metrics read it. Raises OSError."""
    counts = Counter((each.what, each.verdict) for each in findings)
    settings.log_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    file = settings.log_dir / DRIFT_FILE
    unfinished = file.with_suffix(".new")
    unfinished.write_bytes(written(model, [(what, verdict, count) for (what, verdict), count in counts.items()]))
    unfinished.rename(file)


def _print(findings: list[Finding], observed: Observed, *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps([asdict(each) for each in findings], option=orjson.OPT_INDENT_2).decode())
        return
    click.echo(f"{len(observed.asked)} stays, {len(observed.last)} windows.")
    for each in findings:
        ends = f"{each.value:+.3f} ({each.low:+.3f} to {each.high:+.3f})"
        click.echo(
            f"  {each.what:<13} {each.sign:<24} {ends:<28} {each.reference:8.2f} -> {each.now:8.2f}  {each.verdict}"
        )
