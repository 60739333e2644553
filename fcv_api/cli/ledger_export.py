"""`fcv ledger export` and `fcv ledger latest`: the record, out of the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import click
import orjson

from fcv_api.cli.ledger_replay import left_out, wanted
from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Record
from fcv_api.settings import Settings
from fcv_api.wire.records import as_wire, csv_lines, values_of

STANDARD_OUTPUT = Path("-")


def export(settings: Settings, file: Path, form: str, **said: Any) -> None:  # noqa: ANN401 - click's options
    left = left_out(with_test_beds=said["with_test_beds"])
    asked = replace(wanted(settings, said), encounter=said["encounter"], without_user_id=left)
    records = Counted(query.stream(asked))
    jsonl = (f"{orjson.dumps(as_wire(each) | {'values': values_of(each)}).decode()}\n" for each in records)
    with _opened(file, overwrite=said["overwrite"]) as target:
        target.writelines(csv_lines(records) if form == "csv" else jsonl)
    click.echo(f"Wrote {records.count:,} records.", err=True)


class Counted:
    """Records, and how many were read of them."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records, self.count = records, 0

    def __iter__(self) -> Iterator[Record]:
        """Return the records, one after the other."""
        for each in self._records:
            self.count += 1
            yield each


def _opened(file: Path, *, overwrite: bool) -> IO[str]:
    """Open a file to write. Raises ClickException where one is there, and OSError."""
    if file == STANDARD_OUTPUT:
        return click.open_file("-", "w")
    try:
        return file.open("w" if overwrite else "x", encoding="utf-8")
    except FileExistsError:
        raise click.ClickException(f"{file} is there. Name another file, or give --overwrite.") from None


def latest(encounter: int | None, *, as_json: bool) -> None:
    found = query.search(Wanted(encounter=encounter), 1)
    if not found:
        of = f" of encounter {encounter}" if encounter is not None else ""
        raise click.ClickException(f"No record{of} is there.")
    wire = as_wire(found[0])
    if as_json:
        click.echo(orjson.dumps(wire))
        return
    for name, value in wire.items():
        if value is None:  # a refusal has no probabilities, and a prediction no problem
            continue
        click.echo(f"{name:<14} {orjson.dumps(value).decode() if isinstance(value, dict | list) else value}")
