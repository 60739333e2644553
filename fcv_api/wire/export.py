"""A ward's export and its labels: long tables of many encounters, for training and evaluation.

Both are read by the code that `fcv score` reads with, and rows become encounters by the code that serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import Unscorable, UnusableExport
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.arrow_cells import read_part
from fcv_api.wire.file_form import PLAIN, FileForm
from fcv_api.wire.labels import ExportedLabel, named, read_labels
from fcv_api.wire.partition import SortOptions, partition
from fcv_api.wire.table_file import TableFile, open_table

MEMORY, THREADS = "1GB", 2
"""For sorting: the encounters themselves are kept in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class ExportedCohort:
    """An export and its labels. encounters: those that can be read and have a label. labels: of all encounters.

    refused: why an encounter cannot be read. unlabelled: encounters without a label. absent: labels without an
    encounter. sites: `sede` by encounter.
    """

    encounters: list[Encounter]
    labels: dict[int, ExportedLabel]
    refused: dict[int, Unscorable]
    unlabelled: list[int]
    absent: list[int]
    sites: dict[int, str]


def read_cohort(export: Path, labels: Path, zone: tzinfo, form: FileForm = PLAIN) -> ExportedCohort:
    """Read an export and its labels. Raises UnusableExport where no encounter can be read and has a label.

    zone: the wall clock of times without an offset. form: of both files.
    """
    labelled, refused = read_labels(labels, zone, form), dict[int, Unscorable]()
    encounters, unlabelled = list[Encounter](), list[int]()
    for outcome in stream_export(open_table(export, form=form), zone, None):
        if isinstance(outcome, Refusal):
            refused[outcome.encounter] = outcome.reason
        elif outcome.id in labelled:
            encounters.append(outcome)
        else:
            unlabelled.append(outcome.id)
    if not encounters:
        raise _nobody((export, labels), refused, unlabelled)
    there = {each.id for each in encounters} | refused.keys()
    absent = sorted(labelled.keys() - there)
    sites = read_sites(labels, form) or read_sites(export, form)
    return ExportedCohort(encounters, labelled, refused, unlabelled, absent, sites)


def _nobody(files: tuple[Path, Path], refused: dict[int, Unscorable], unlabelled: list[int]) -> UnusableExport:
    """Return why nothing is left: no encounter can be read, or none that can has a label."""
    export, labels = files
    if refused and not unlabelled:
        number, reason = next(iter(refused.items()))
        return _unusable(Refusal(number, reason), export)
    return UnusableExport(f"{labels} labels none of the encounters of {export}, such as {named(unlabelled)}.")


def read_sites(path: Path, form: FileForm = PLAIN) -> dict[int, str]:
    """Return the first `sede` of each encounter of an export or its labels; nothing where it has no such column."""
    return {number: places[0] for number, places in read_places(path, "sede", form).items()}


def read_places(path: Path, column: str, form: FileForm = PLAIN) -> dict[int, list[str]]:
    """Return the places of each encounter in a file, in their order; nothing where it has no such column."""
    file = open_table(path, {"idAtencion": True, "nomSigno": False, column: False}, form)
    if column not in file.names:
        return {}
    places: dict[int, list[str]] = {}
    for batch in file.batches():
        pairs = pa.Table.from_batches([batch]).group_by(["encounter", column], use_threads=False).aggregate([])
        for pair in pairs.to_pylist():
            if pair[column] is not None:
                place = " ".join(str(pair[column]).replace("|", "/").split())
                known = places.setdefault(pair["encounter"], [])
                known += [] if place in known else [place]
    return places


def read_export(path: Path, zone: tzinfo, only: int | None = None) -> list[Encounter]:
    """Read the encounters of an export, by ascending id; their rows may lie anywhere. Raises UnusableExport.

    zone: the wall clock of times without an offset. only: the one encounter that is wanted.
    """
    found = []
    for outcome in stream_export(open_table(path), zone, only):
        if isinstance(outcome, Refusal):
            raise _unusable(outcome, path)
        found.append(outcome)
    return found


def stream_export(file: TableFile, zone: tzinfo, only: int | None) -> Iterator[Encounter | Refusal]:
    """Yield each encounter of an export, or why it cannot be read, by ascending id. Raises UnusableExport for none."""
    some = False
    seen: list[int] = []
    with TemporaryDirectory() as folder:  # for what does not fit into memory; its mode is 0700
        for part in partition(file, SortOptions(MEMORY, Path(folder), THREADS)):
            seen += pc.unique(part["encounter"]).to_pylist()
            own = part if only is None else part.filter(pc.field("encounter") == only)
            some = some or len(own) > 0
            yield from read_part(own, file.dialect, zone) if len(own) else ()
    if not seen:
        raise UnusableExport(f"{file.path} has no rows.")
    if not some:
        raise UnusableExport(f"{file.path} has no encounter {only}; it has {named(seen)}.")


def _unusable(refusal: Refusal, path: Path) -> UnusableExport:
    return UnusableExport(f"{path}, encounter {refusal.encounter}: {str(refusal.reason).rstrip('.')}.")
