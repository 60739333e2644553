"""The same rows by `/observations`, by HL7 and by FHIR give the same windows, warnings, probabilities and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pytest
from bundles import MDC, UCUM, Resource, bundle
from gateways import KEY, SITE_OF_PSEUDONYMS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import NOW
from test_same_by_each_door import OFFLINE, Row, by_hl7, by_observations, rows_of_the_example

from fcv_api import scoring
from fcv_api.domain.prediction import Prediction, Refusal, Scorer
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.extensions.cursors import read_cursor
from fcv_api.feed import store
from fcv_api.feed.cut import cut
from fcv_api.feed.store import Arrival
from fcv_api.fhir.delivery import addressed
from fcv_api.fhir.reading import read_bundle
from fcv_api.lstm.registry import Registry
from fcv_api.settings import ROOT

pytestmark = pytest.mark.usefixtures("empty_database")
STATUSES = {"F": "final", "C": "corrected", "D": "entered-in-error", "W": "entered-in-error"}
ROWS = rows_of_the_example()
LAST = len(ROWS) - 1


@pytest.fixture(scope="module")
def model() -> Scorer:
    """Load the shipped model."""
    return Registry(ROOT / "models").load(None, None)


def as_observation(row: Row, encounter: int) -> Resource:
    name = row["nomSigno"]
    return {
        "resourceType": "Observation",
        "status": STATUSES[row["estado"]],
        "code": {"coding": [{"system": MDC, "code": str(SIGNS[INDEX_BY_NAME[name]].code), "display": name}]},
        "encounter": {"identifier": {"system": "urn:h", "value": str(encounter)}},
        "effectiveDateTime": datetime.fromisoformat(row["fecRegistro"]).isoformat(),
        "device": {"identifier": {"value": row["canal"]}},
        "valueQuantity": {"value": row["valor"], "system": UCUM, "unit": row["unidad"]},
    }


def by_fhir(rows: Sequence[Row], encounter: int) -> None:
    source = SITE_OF_PSEUDONYMS.sources[0]
    body = orjson.dumps(bundle(*(as_observation(row, encounter) for row in rows)))
    arrival = Arrival("fhir", NOW, NOW, 12)
    store.store_all([addressed(read_bundle(body, source), source, KEY, arrival).delivery])


CHANGES: st.SearchStrategy[Row] = st.one_of(
    st.fixed_dictionaries({"valor": st.sampled_from([0.0, 29.0, 98.6, 171.0, 900.0, 0.35])}),
    st.fixed_dictionaries({"unidad": st.sampled_from(["odd", "MDC_DIM_FAHR", "kg", "m", "%", "/min"])}),
    st.fixed_dictionaries({"estado": st.sampled_from(["C", "D"]), "valor": st.sampled_from([31.5, 77.0])}),
    st.fixed_dictionaries({"canal": st.sampled_from(["1.0", "1.2", ""])}),
)
"""Danger, units at odds, wrong cells, corrections and deletions, other channels."""


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    changed=st.lists(st.tuples(st.integers(0, LAST), CHANGES), max_size=25),
    added=st.lists(st.tuples(st.integers(0, LAST), CHANGES), max_size=10),
    kept=st.sampled_from([40, LAST + 1, LAST + 1, LAST + 1]),
    numbers=st.uuids(version=4),
)
def test_three_doors_give_the_same_to_the_last_bit(
    model: Scorer, changed: list[tuple[int, Row]], added: list[tuple[int, Row]], kept: int, numbers: Any
) -> None:
    rows = [dict(row) for row in ROWS]
    for at, change in changed:
        rows[at] |= change
    rows = rows[:kept] + [ROWS[at] | change for at, change in added]
    first = numbers.int % 2**60
    for number, door in enumerate((by_observations, by_hl7, by_fhir), first):
        door(rows, number)
    with read_cursor() as cursor:
        taken = [cut(cursor, number, NOW, model.spec) for number in range(first, first + 3)]
    found = [scoring.assess(each.encounter, model, OFFLINE, np.datetime64(NOW, "us")) for each in taken]
    assert told(found[0]) == told(found[1])
    assert told(found[0]) == told(found[2])


def told(outcome: Prediction | Refusal) -> tuple[Any, ...]:
    """Return all that an outcome says but whose it is."""
    if isinstance(outcome, Refusal):
        return type(outcome.reason), asdict(outcome.reason)  # type: ignore[call-overload]
    return outcome.window.raw.tobytes(), outcome.warnings, outcome.probabilities, outcome.state
