"""The feed's record is `/predict`'s of the same rows to the last bit, however their statements came."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pytest
from fakes import FakeModel
from fed import FEED, OneModel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import MINUTE, NOW, SECOND, TABLES, rows
from sqlalchemy import text

from fcv_api import scoring
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.samples import Sampling
from fcv_api.domain.vitals import SIGNS, Sign
from fcv_api.domain.window import Matrix, WindowSpec
from fcv_api.extensions import write_transaction
from fcv_api.feed import store
from fcv_api.feed.store import Arrival
from fcv_api.feed.turns import run_slot
from fcv_api.scoring import Caller
from fcv_api.wire.batch import BatchSchema
from fcv_api.wire.observations import ObservationsSchema

pytestmark = pytest.mark.usefixtures("empty_database")
RECORDED = ("problem", "window_first", "window_last", "window_raw", "probabilities", "state", "warnings")
WITH_CHANNELS = "MDC_BLD_PERF_INDEX"


class Row(NamedTuple):
    """One statement. minutes: before now. sent: in seconds before now."""

    sign: str
    minutes: int
    value: float | None
    unit: str | None = None
    channel: str | None = None
    status: str = "F"
    sent: int = 0


class SumModel(FakeModel):
    """Answers what depends on each cell of its window."""

    def score(self, scaled: Matrix) -> Matrix:
        """Return four numbers that sum to 1."""
        parts = np.exp(np.array([scaled[at::4].sum() for at in range(4)]) / 40)
        return np.asarray(parts / parts.sum())


def made(chance: Random) -> tuple[list[Row], list[Row]]:
    """Return the statements about a stay, and the rows that hold after all of them: on the grid, often spoilt."""
    count, step = chance.choice((8, 19, 22, 26)), chance.choice((5, 5, 5, 15))
    said: list[Row] = []
    final: list[Row] = []
    for minutes in {step * at if at > 1 else 5 * at for at in range(count)}:
        for sign in SIGNS:
            if chance.random() < (0.97 if sign.static else 0.1):
                continue
            stated = _stated(_row(sign, minutes, chance), chance)
            holding = max(stated, key=lambda row: (row.status != "F", -row.sent))
            said += stated
            final += [holding] if holding.value is not None else []
    return said, sorted(final, key=lambda row: -row.minutes)


def _row(sign: Sign, minutes: int, chance: Random) -> Row:
    low, high = sign.limits.usual
    odd = (0.5, 21.0, 44.0) if sign.name == "MDC_TEMP" else (0.5, 21.0, 400.0)  # over 50 it needs its unit
    value = chance.uniform(low, min(high, 49.0)) if chance.random() < 0.9 else chance.choice(odd)
    unit = "golpes" if chance.random() < 0.02 else None
    channel = "1" if sign.name == WITH_CHANNELS else None
    return Row(sign.name, minutes, round(value, 2), unit, channel, sent=2 * chance.choice((50, 60)))


def _stated(row: Row, chance: Random) -> list[Row]:
    """Return a row, and sometimes what replaces, corrects or deletes it: no two of one time of sending."""
    kind, sent = chance.random(), 2 * chance.choice((30, 55, 80)) + 1
    if kind < 0.05:
        return [row, row._replace(value=None, channel=None, status=chance.choice("DWC"), sent=sent)]
    if kind < 0.1:
        return [row, row._replace(value=chance.choice((33.0, 44.0)), unit=None, status="C", sent=sent)]
    return [row, row._replace(value=34.5, sent=row.sent - 2)] if kind < 0.15 else [row]


def play(said: list[Row], chance: Random) -> None:
    """Send statements split into requests by their times of sending and further, in any order, some of them twice."""
    requests = []
    for sent in {row.sent for row in said}:
        rest = chance.sample(own := [row for row in said if row.sent == sent], len(own))
        while rest:
            size = chance.randrange(1 + len(rest) // 4, len(rest) + 1)
            requests.append(rest[:size])
            rest = rest[size:]
    for part in chance.sample(requests, len(requests)) + chance.sample(requests, len(requests) // 4):
        arrival = Arrival("api:ana", NOW + MINUTE, NOW - part[0].sent * SECOND, 12)
        store.store(ObservationsSchema().load(body_of(part)).observations(UTC).posted, arrival)


def body_of(said: list[Row]) -> dict[str, Any]:
    end = np.datetime64(NOW, "us")
    columns: dict[str, list[Any]] = {
        "idAtencion": [1] * len(said),
        "nomSigno": [row.sign for row in said],
        "valor": [row.value for row in said],
        "unidad": [row.unit for row in said],
        "fecRegistro": [f"{end - np.timedelta64(row.minutes, 'm')}Z" for row in said],
        "canal": [row.channel for row in said],
        "estado": [row.status for row in said],
    }
    return {name: {str(at): cell for at, cell in enumerate(cells)} for name, cells in columns.items()}


def recorded(model: SumModel) -> tuple[Any, ...]:
    """Drive the slot, and return what the record has of the only turn."""
    models = OneModel()
    models.model = model
    assert run_slot(replace(FEED, models=models), NOW) == 1
    (found,) = rows(f"SELECT {', '.join(RECORDED)} FROM predictions")
    return tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in found)


def of_predict(final: list[Row], model: SumModel) -> tuple[Any, ...]:
    """Return what the record would have of `/predict` of the rows that hold."""
    (encounter,) = BatchSchema().load(body_of(final)).read(UTC)
    assert isinstance(encounter, Encounter)
    entry = scoring.entry_of(scoring.assess(encounter, model), Caller(7, "", "", 0.0), "fake")
    return tuple(getattr(entry, name) for name in RECORDED)


def clear() -> None:
    with write_transaction() as session:
        for table in (*TABLES, "predictions"):
            session.execute(text(f"DELETE FROM {table}"))


@given(st.integers(0, 10**9))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_turn_records_what_predict_records_of_the_rows_that_hold_in_whatever_order_they_came(seed: int) -> None:
    chance = Random(seed)
    said, final = made(chance)
    model = SumModel(spec=WindowSpec(sampling=chance.choice([*Sampling])))  # on the grid a mean is of one value
    clear()
    play(said, chance)
    assert recorded(model) == of_predict(final, model)
