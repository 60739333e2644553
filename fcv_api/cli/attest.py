"""`fcv model attest`: the only way to evidence, by a report on a hospital's patients and a name under it."""

from __future__ import annotations

from typing import Any

import click
import orjson

from fcv_api.cli.audit import log_event
from fcv_api.lstm.artifact import ArtifactError, Manifest
from fcv_api.lstm.attest import FEW_EVENTS, Evidenced, attest, check_events, check_subject
from fcv_api.lstm.registry import Registry
from fcv_api.settings import Settings
from fcv_api.wire.report_file import check_members, json_schema, read_report


def attest_(settings: Settings, /, reference: str, **said: Any) -> None:  # noqa: ANN401 - click's options, by name
    if "/" not in reference:
        raise ArtifactError(f"Say which version: NAME/VERSION, not {reference}.")
    registry = Registry(settings.models_dir)
    artifact, report = registry.artifact(reference), read_report(said["report"])
    check_subject(artifact.manifest, report)
    check_members(report)
    check_events(report)
    evidenced = Evidenced(said["report"], said["data"], said["outcomes"], said["signed_by"])
    signed = attest(artifact.manifest, report, evidenced)
    signed.replace_in(registry.folder(reference))
    _print(settings, signed, report)


def _print(settings: Settings, signed: Manifest, report: dict[str, Any]) -> None:
    made = signed.attestation
    assert made is not None  # noqa: S101 - for the type checker: it has just been signed
    log_event(settings, "model-attested", model=str(signed.identity), evidence=made.evidence, report=made.report_sha256)
    click.echo(f"Attested {signed.identity}: {made.evidence}, signed by {made.signed_by}.")
    for state, count in made.events.items():
        few = f", under {FEW_EVENTS}: its figures are rough" if count < FEW_EVENTS else ""
        click.echo(f"  events of {state}: {count}{few}")
    if not report["overlap"]["checked"]:
        click.echo("  whether the model learnt from any of these patients could not be looked for")
    click.echo(f"  put it into service with: fcv model activate {signed.identity} --reason '...'")


def report_schema() -> None:
    click.echo(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2).decode())
