"""`fcv hl7`: what a gateway's messages give, without a database; and a sender for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any

import click
import orjson

from fcv_api.cli.hl7_sources import DEFAULT, source_named, sources_in
from fcv_api.settings import Settings, SettingsError
from fcv_api.settings.checks import zone as zone_named
from fcv_api.wire.hl7.reading import read, refused
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.segments import messages_of
from fcv_api.wire.hl7.shown import as_wire
from fcv_api.wire.hl7.source import Source


def read_(file: Path, zone: str | None, sources: Path | None, name: str | None, *, as_json: bool) -> None:
    if (sources is None) != (name is None):
        raise click.UsageError("--sources and --source go together.")
    source, allow_test = _source(zone, sources, name)
    found = [as_wire(read(each, source, allow_test=allow_test)) for each in messages_of(file.read_bytes())]
    found = found or [as_wire(refused(None, Reason.NO_HEADER))]
    if as_json:
        click.echo(orjson.dumps({"messages": found}, option=orjson.OPT_INDENT_2))
        return
    for number, message in enumerate(found, 1):
        click.echo("\n".join(lines_of(number, message)))


def _source(zone: str | None, sources: Path | None, name: str | None) -> tuple[Source, bool]:
    """Return the source to read by, and whether test sources are allowed. A zone alone needs no settings."""
    given = _zone(zone) if zone else None
    if given and not sources:
        return Source(DEFAULT, given), False
    settings = Settings.from_environment()
    own: tzinfo = given or settings.timezone
    if sources is None or name is None:
        return Source(DEFAULT, own), False
    return source_named(sources_in(sources, own), name), settings.allow_test_sources


def _zone(name: str) -> tzinfo:
    try:
        return zone_named(name)
    except SettingsError:
        raise click.BadParameter(f"{name} is no time zone such as America/Bogota.", param_hint="--zone") from None


def lines_of(number: int, message: Mapping[str, Any]) -> list[str]:
    """Return a message as people read it."""
    rows, dropped = message["rows"], message["dropped"]
    lines = [f"Message {number}: {message['ack']}, {len(rows)} rows, {len(dropped)} dropped"]
    for row in rows:
        value = f"{row['value']:g} {row['unit']}"
        lines.append(f"  {row['time']}  {row['sign']:<24} {value:<14} {row['encounter']}  {row['bed'] or '-'}")
    return lines + [f"  dropped  {each['where']:<12} {each['reason']}" for each in dropped]
