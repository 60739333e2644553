"""`fcv fhir`: what a Bundle of FHIR R4 gives, without a database."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import click
import orjson

from fcv_api.cli.hl7 import lines_of
from fcv_api.cli.hl7_sources import DEFAULT, source_named, sources_in
from fcv_api.fhir.shown import as_wire
from fcv_api.wire.hl7.source import Source


def read_(file: Path, sources: Path | None, name: str | None, *, as_json: bool) -> None:
    if (sources is None) != (name is None):
        raise click.UsageError("--sources and --source go together.")
    source = source_named(sources_in(sources, UTC), name) if sources and name else Source(DEFAULT, UTC)
    found = as_wire(file.read_bytes(), source)
    if as_json:
        click.echo(orjson.dumps({"messages": [found]}, option=orjson.OPT_INDENT_2))
        return
    click.echo("\n".join(lines_of(1, found)))
