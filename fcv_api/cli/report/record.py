"""What the database says of a day: beds that were scored and not, warnings, alerts, activations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import Connection, func, select

from fcv_api.activations import ActivationRow, StoredModel
from fcv_api.alerts.tables import AlertEventRow, PolicyActivationRow
from fcv_api.extensions import read_snapshot
from fcv_api.ledger.record import id_prefix, utc_text
from fcv_api.ledger.tables import PredictionRow

ROWS_AT_ONCE = 1000


@dataclass(slots=True)
class RecordDay:
    """A day of the record. turns: of beds, by the feed; the others were asked for.

    not_scored: by problem. activations: when, and what; by whom and why is in the history (`fcv model history`).
    """

    predictions: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    beds_scored: int = 0
    beds_never_scored: int = 0
    turns_scored: int = 0
    turns_not_scored: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    activations: list[tuple[datetime, str]] = field(default_factory=list)


def read_day(first: datetime, end: datetime) -> RecordDay:
    """Read a day, from its first instant to its end. Raises SQLAlchemyError."""
    found = RecordDay()
    with read_snapshot() as connection:
        _read_records(connection, found, first, end)
        _read_alerts(connection, found, first, end)
        _read_activations(connection, found, first, end)
    return found


def _read_records(connection: Connection, found: RecordDay, first: datetime, end: datetime) -> None:
    row = PredictionRow
    wanted = select(row.encounter, row.slot, row.problem, row.warnings).where(
        row.at >= utc_text(first), row.at < utc_text(end), row.id >= id_prefix(first), row.id < id_prefix(end, 1)
    )
    scored, asked = set[int](), set[int]()
    for encounter, slot, problem, warnings in connection.execute(wanted, execution_options={"yield_per": ROWS_AT_ONCE}):
        found.warnings.update({str(each["code"]) for each in orjson.loads(warnings or "[]")})
        if slot is not None:
            asked.add(encounter)
            if problem is None:
                scored.add(encounter)
                found.turns_scored += 1
            else:
                found.turns_not_scored[problem] += 1
        elif problem is None:
            found.predictions += 1
        else:
            found.refusals[problem] += 1
    found.beds_scored, found.beds_never_scored = len(scored), len(asked - scored)


def _read_alerts(connection: Connection, found: RecordDay, first: datetime, end: datetime) -> None:
    row = AlertEventRow
    begin, after = (round(each.timestamp() * 1e6) for each in (first, end))
    wanted = (
        select(row.kind, func.count())
        .where(row.recorded_at >= begin, row.recorded_at < after, row.kind != "held")
        .group_by(row.kind)
    )
    found.alerts.update({kind: count for kind, count in connection.execute(wanted)})  # noqa: C416 - typed


def _read_activations(connection: Connection, found: RecordDay, first: datetime, end: datetime) -> None:
    model, policy = ActivationRow, PolicyActivationRow
    models = (
        select(model.at, StoredModel.name, StoredModel.version)
        .join(StoredModel, StoredModel.id == model.model_id)
        .where(model.at >= first, model.at < end)
    )
    found.activations += [(at, f"model {name}/{version}") for at, name, version in connection.execute(models)]
    begin, after = (round(each.timestamp() * 1e6) for each in (first, end))
    policies = select(policy.at, policy.policy_id).where(policy.at >= begin, policy.at < after)
    for at, number in connection.execute(policies):
        moment = datetime.fromtimestamp(at / 1e6, first.tzinfo)
        found.activations.append((moment, "no policy" if number is None else f"policy {number}"))
