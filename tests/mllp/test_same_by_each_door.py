"""The same stays by `/observations` and by HL7 give the same windows, warnings, probabilities and refusals."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from gateways import SITE_OF_PSEUDONYMS, source
from hl7_messages import message, obx, patient
from memory import NOW

from fcv_api import scoring
from fcv_api.domain.prediction import AnswerContext, Prediction, Refusal, Scorer
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.extensions.cursors import read_cursor
from fcv_api.feed import store
from fcv_api.feed.cut import cut
from fcv_api.feed.store import Arrival
from fcv_api.lstm.registry import Registry
from fcv_api.mllp.delivery import delivery_of
from fcv_api.settings import ROOT, Settings
from fcv_api.wire.example import example_request
from fcv_api.wire.hl7.reading import read
from fcv_api.wire.hl7.segments import messages_of
from fcv_api.wire.observations import ObservationsSchema

pytestmark = pytest.mark.usefixtures("empty_database")
Row = dict[str, Any]
OFFLINE = AnswerContext()
SITE = SITE_OF_PSEUDONYMS


def rows_of_the_example() -> list[Row]:
    body = example_request()
    return [
        {
            "nomSigno": body["nomSigno"][row],
            "valor": body["valor"][row],
            "fecRegistro": f"{body['fecRegistro'][row]}Z",
            "unidad": SIGNS[INDEX_BY_NAME[body["nomSigno"][row]]].unit.name,
            "canal": "1.1",
            "estado": "F",
        }
        for row in body["valor"]
    ]


def as_it_is(rows: list[Row]) -> list[Row]:
    return rows


def in_fahrenheit(rows: list[Row]) -> list[Row]:
    warm = [row for row in rows if row["nomSigno"] == "MDC_TEMP"]
    for row in warm:
        row |= {"valor": round(row["valor"] * 1.8 + 32, 1), "unidad": "MDC_DIM_FAHR"}
    return rows


def in_danger(rows: list[Row]) -> list[Row]:
    for row in [each for each in rows if each["nomSigno"] == "MDC_PULS_OXIM_SAT_O2"][:4]:
        row |= {"valor": 70, "unidad": "odd"}
    return rows


def corrected(rows: list[Row]) -> list[Row]:
    return [*rows, rows[0] | {"estado": "C", "valor": 31.5}, rows[9] | {"estado": "D"}, rows[20] | {"valor": 900}]


def of_two_channels(rows: list[Row]) -> list[Row]:
    return [*rows, *(row | {"canal": "1.0", "valor": row["valor"] * 1.25} for row in rows[::7])]


def too_few(rows: list[Row]) -> list[Row]:
    return rows[:40]


@pytest.fixture(scope="module")
def model() -> Scorer:
    """Load the shipped model."""
    return Registry(ROOT / "models").load(None, None)


def by_observations(rows: list[Row], encounter: int) -> None:
    body = {name: [row[name] for row in rows] for name in rows[0]} | {"idAtencion": [encounter] * len(rows)}
    posted = ObservationsSchema().load(body).observations(UTC).posted
    store.store(posted, Arrival("api:ana", NOW, NOW, 12))


def by_hl7(rows: list[Row], encounter: int) -> None:
    sent = f"{datetime.fromtimestamp(NOW / 1e6, UTC):%Y%m%d%H%M%S}+0000"
    lines = []
    for row in rows:
        time = f"{datetime.fromisoformat(row['fecRegistro']):%Y%m%d%H%M%S}+0000"
        name, code = row["nomSigno"], SIGNS[INDEX_BY_NAME[row["nomSigno"]]].code
        unit = f"1^{row['unidad']}^MDC" if row["unidad"] != "odd" else "odd"
        more = {"f4": row["canal"], "f8": row.get("flag", ""), "f11": row["estado"], "f14": time}
        lines.append(obx(f"{code}^{name}^MDC", f"{row['valor']}", unit, **more))
    own = message(*lines, time=sent, patient="\n".join(patient(str(encounter))))
    reading = read(messages_of(own)[0], source(SITE), allow_test=False)
    store.store_all([delivery_of(reading, source(SITE), SITE, NOW)])


@pytest.mark.parametrize("change", [as_it_is, in_fahrenheit, in_danger, corrected, of_two_channels, too_few])
def test_both_doors_give_the_same_to_the_last_bit(
    change: Callable[[list[Row]], list[Row]], model: Scorer, settings: Settings
) -> None:
    assert settings
    rows = change(rows_of_the_example())
    random.Random(7).shuffle(rows)
    by_observations(rows, 1)
    by_hl7(rows, 2)
    with read_cursor() as cursor:
        taken = [cut(cursor, number, NOW, model.spec) for number in (1, 2)]
    one, other = (scoring.assess(each.encounter, model, OFFLINE, np.datetime64(NOW, "us")) for each in taken)
    if isinstance(one, Refusal):
        assert isinstance(other, Refusal)
        assert change is too_few
        assert (type(one.reason), asdict(one.reason)) == (type(other.reason), asdict(other.reason))  # type: ignore[call-overload]
        return
    assert isinstance(one, Prediction)
    assert isinstance(other, Prediction)
    assert one.window.raw.tobytes() == other.window.raw.tobytes()
    assert one.warnings == other.warnings
    assert one.probabilities == other.probabilities
    assert one.state == other.state


def test_a_value_that_the_monitor_doubts_is_read_and_warned_of(model: Scorer) -> None:
    rows = rows_of_the_example()
    for row in rows[-9:]:
        row["flag"] = "QUES" if row["nomSigno"] == "MDC_TEMP" else ""
    by_hl7(rows, 2)
    with read_cursor() as cursor:
        taken = cut(cursor, 2, NOW, model.spec)
    found = scoring.assess(taken.encounter, model, OFFLINE, np.datetime64(NOW, "us"))
    assert isinstance(found, Prediction)
    (warning,) = [each for each in found.warnings if each.code == "questionable_value"]
    assert (warning.sign, warning.figures) == ("MDC_TEMP", {"count": 1.0})
    assert warning.detail.startswith("MDC_TEMP: 1 of its values")
