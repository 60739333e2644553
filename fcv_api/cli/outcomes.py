"""`fcv outcomes`: what became of the stays of the record, by the hospital's word."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import numpy as np
import orjson

from fcv_api.cli.exports import form_of
from fcv_api.domain.prediction import State
from fcv_api.feed.pseudonym import Identifier, encounter_of
from fcv_api.ledger.record import utc_text
from fcv_api.ledger.stay_outcomes import CONFLICT, CORRECTED, DELETED, NEW, SAME, UNKNOWN, Stated, keep
from fcv_api.settings import Settings
from fcv_api.wire.labels import LabelRow, read_rows
from fcv_api.wire.outcomes import MORE_COLUMNS, Outcome, more_of, outcome_of

MOST_NAMED = 20
WORDS = {NEW: "new", SAME: "the same", CORRECTED: "corrected", DELETED: "taken back", UNKNOWN: "not here to take back"}
EXCLUDES = "this stay has Sano and another state: take one of them back first (estado D)"
TWICE = "this stay and state are in another row too, with another onset"


def import_(settings: Settings, /, file: Path, zone: str | None, **said: Any) -> None:  # noqa: ANN401 - click's options
    rows = read_rows(file, _zone(zone, settings), form_of(said), MORE_COLUMNS)
    wrong, stated = _sorted(rows, settings)
    found = keep([each for _, each in stated])
    wrong += [(row, EXCLUDES) for (row, _), what in zip(stated, found, strict=True) if what == CONFLICT]
    _print(file, rows, Counter(found), zone or str(settings.timezone))
    for number, reason in sorted(wrong)[:MOST_NAMED]:
        click.echo(f"  row {number}: {reason}", err=True)
    if wrong:
        raise click.ClickException(f"{len(wrong)} rows of {file} are wrong and were left out; all others are kept.")


def _zone(name: str | None, settings: Settings) -> tzinfo:
    try:
        return ZoneInfo(name) if name else settings.timezone
    except (ZoneInfoNotFoundError, ValueError):
        raise click.UsageError(f"--zone {name} is no time zone such as America/Bogota.") from None


def _sorted(rows: list[LabelRow], settings: Settings) -> tuple[list[tuple[int, str]], list[tuple[int, Stated]]]:
    """Return the wrong rows with their reasons, and what the others state."""
    wrong: list[tuple[int, str]] = []
    stated: list[tuple[int, Stated]] = []
    onsets: dict[tuple[int, State], Any] = {}
    for row in rows:
        outcome = outcome_of(row)
        if not isinstance(outcome, Outcome):
            wrong += [(row.row, f"{name}: {reason}") for name, reason in outcome]
        elif onsets.setdefault((outcome.encounter, outcome.state), outcome.onset) != outcome.onset:
            wrong.append((row.row, TWICE))
        else:
            stated.append((row.row, _stated(outcome, row, settings)))
    return wrong, stated


def _stated(outcome: Outcome, row: LabelRow, settings: Settings) -> Stated:
    moment = None if outcome.onset is None else outcome.onset.astype("datetime64[us]").item()
    onset = None if moment is None else utc_text(moment.replace(tzinfo=UTC))
    patient = None if outcome.patient is None else str(_pseudonym(outcome.patient, settings))
    more = orjson.dumps(more_of(row.more), option=orjson.OPT_SORT_KEYS).decode()
    only = outcome.state is State.NONE_OF_THESE
    return Stated(outcome.encounter, outcome.state.value, onset, patient, more, outcome.deleted, only)


def _pseudonym(patient: str, settings: Settings) -> int:
    """Return what stands for a patient: a real number reaches neither the database nor a log."""
    return encounter_of(Identifier("outcomes", "idPaciente", "", patient), str.__str__(settings.pseudonym_key()))


def _print(file: Path, rows: list[LabelRow], counts: Counter[str], zone: str) -> None:
    click.echo(f"{file}: " + ", ".join(f"{counts[what]} {words}" for what, words in WORDS.items()) + ".")
    naive = sum(row.naive and isinstance(row.onset, np.datetime64) for row in rows)
    if naive:
        click.echo(f"  {naive} onsets say no offset, and were read in {zone}.")
