"""`fcv ledger export` and `fcv ledger latest`: the record, out of the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO

import click
import orjson

from fcv_api.cli.ledger_replay import WHEN, WITH_TEST_BEDS, left_out
from fcv_api.ledger import query
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import Record, utc_text
from fcv_api.settings import Settings
from fcv_api.wire.records import as_wire, csv_lines, values_of

STANDARD_OUTPUT = Path("-")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--encounter", type=int, help="Only of this encounter.")
@click.option("--since", type=WHEN, help="Only recorded then or later, in FCV_TIMEZONE.")
@click.option("--until", type=WHEN, help="Only recorded before then.")
@WITH_TEST_BEDS
@click.option("--overwrite", is_flag=True, help="Write over a FILE that is there.")
@click.pass_obj
def export(
    settings: Settings,
    file: Path,
    form: str,
    encounter: int | None,
    since: datetime | None,
    until: datetime | None,
    *,
    with_test_beds: bool,
    overwrite: bool,
) -> None:
    """Write the record to FILE, the oldest first; - is standard output. Beds of test sources are left out.

    csv has one line a record. jsonl has its raw window too.
    """
    ends = [utc_text(each.replace(tzinfo=settings.timezone)) if each else None for each in (since, until)]
    wanted = Wanted(encounter=encounter, since=ends[0], until=ends[1])
    records = Counted(query.stream(replace(wanted, without_user_id=left_out(with_test_beds=with_test_beds))))
    jsonl = (f"{orjson.dumps(as_wire(each) | {'values': values_of(each)}).decode()}\n" for each in records)
    with _opened(file, overwrite=overwrite) as target:
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


@click.command()
@click.option("--encounter", type=int, help="The newest of this encounter.")
@click.option("--json", "as_json", is_flag=True, help="Print it as GET /predictions/ID answers it.")
def latest(encounter: int | None, *, as_json: bool) -> None:
    """Print the newest record: what was answered, and by which model."""
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
