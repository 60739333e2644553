"""`/predict/batch`'s request: each encounter as if it had come alone."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from reading import BOGOTA, Body
from reading import read as read_alone
from strategies import requests

from fcv_api.domain.bad_cells import CodeNameConflict, InvalidRows, MixedTimeZones, UnitMissing
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import NoKnownSign
from fcv_api.domain.prediction import Refusal
from fcv_api.wire.batch import BatchSchema
from fcv_api.wire.example import example_request
from fcv_api.wire.json_body import read_json


def read(body: Body) -> list[Encounter | Refusal]:
    outcomes: list[Encounter | Refusal] = (
        BatchSchema().load(read_json(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY))).read(BOGOTA)
    )
    return outcomes


def batch_of(*encounters: Body, seed: int | None = None) -> Body:
    """Put encounters together under new keys; with a seed, their rows mixed, each encounter's in its own order."""
    turns = [number for number, each in enumerate(encounters) for _ in each["nomSigno"]]
    if seed is not None:
        Random(seed).shuffle(turns)
    batch: Body = {"idAtencion": {str(at): encounters[number]["idAtencion"] for at, number in enumerate(turns)}}
    for name in ("idSigno", "nomSigno", "valor", "fecRegistro"):
        keys = [iter(each["nomSigno"]) for each in encounters]
        cells = [(str(at), encounters[number][name], next(keys[number])) for at, number in enumerate(turns)]
        batch[name] = {at: column[key] for at, column, key in cells if key in column}
    return batch


def assert_same(found: Encounter | Refusal, wanted: Encounter) -> None:
    assert isinstance(found, Encounter)
    assert (found.id, found.zone) == (wanted.id, wanted.zone)
    for name in ("signs", "values", "instants"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


@settings(max_examples=25, deadline=None)
@given(
    first=requests(), others=st.lists(requests(instants=1), max_size=3), seed=st.integers(0, 99), spoilt=st.booleans()
)
def test_the_rows_of_other_encounters_change_nothing(
    first: Body, others: list[Body], seed: int, *, spoilt: bool
) -> None:
    alone = read_alone(dict(first))
    others = [other | {"idAtencion": 100 + number} for number, other in enumerate(others)]
    if spoilt and others:
        others[0] = others[0] | {"valor": dict.fromkeys(others[0]["valor"], "n/a")}
    outcomes = {getattr(each, "id", None): each for each in read(batch_of(first, *others, seed=seed))}
    assert_same(outcomes[7], alone)


def encounter(number: int, **changed: Any) -> Body:
    body = example_request() | {"idAtencion": number}
    return body | {name: body[name] | cells for name, cells in changed.items()}


def test_encounters_come_in_the_order_in_which_they_first_appear() -> None:
    found = read(batch_of(encounter(9), encounter(3), encounter(5)))
    assert [each.id for each in found if isinstance(each, Encounter)] == [9, 3, 5]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"valor": {"3": "x"}}, InvalidRows),
        ({"nomSigno": {"3": None}}, InvalidRows),
        ({"nomSigno": {"3": 5}}, InvalidRows),
        ({"fecRegistro": {"3": "yesterday"}}, InvalidRows),
        ({"fecRegistro": {"3": ["x"]}}, InvalidRows),
        ({"fecRegistro": {"3": "2024-03-03 09:30:00Z"}}, MixedTimeZones),
        ({"idSigno": {"3": 150456}}, CodeNameConflict),
    ],
)
def test_a_bad_cell_refuses_its_own_encounter_alone(changed: Body, reason: type[Exception]) -> None:
    good, bad, other = read(batch_of(encounter(1), encounter(2, **changed), encounter(3)))
    assert isinstance(bad, Refusal)
    assert (bad.encounter, type(bad.reason)) == (2, reason)
    assert "row '183'" in str(bad.reason) or reason is MixedTimeZones
    assert_same(good, read_alone(encounter(1)))
    assert_same(other, read_alone(encounter(3)))


@pytest.mark.parametrize("column", ["nomSigno", "fecRegistro"])
def test_an_absent_cell_refuses_its_own_encounter_alone(column: str) -> None:
    batch = batch_of(encounter(1), encounter(2))
    del batch[column]["183"]
    good, bad = read(batch)
    assert isinstance(good, Encounter)
    assert isinstance(bad, Refusal)
    assert "row '183'" in str(bad.reason)


def test_a_row_of_which_nothing_is_said_but_whose_it_is_is_passed_over_as_predict_does() -> None:
    batch = batch_of(encounter(1), encounter(2))
    batch["idAtencion"] |= {"gone": 2, "alone": 3}
    good, other, empty = read(batch)
    assert_same(good, read_alone(encounter(1)))
    assert_same(other, read_alone(encounter(2)))
    assert isinstance(empty, Encounter)
    assert len(empty.values) == 0


def test_two_names_that_are_wrong_in_two_ways_are_told_as_predict_tells_them() -> None:
    body = encounter(1, nomSigno={"3": 5})
    del body["nomSigno"]["4"]
    with pytest.raises(InvalidRows) as alone:
        read_alone(dict(body))
    batch = body | {"idAtencion": dict.fromkeys(body["valor"], 1)}
    (bad,) = read(batch)
    assert isinstance(bad, Refusal)
    assert isinstance(bad.reason, InvalidRows)
    assert bad.reason.cells == alone.value.cells


def test_one_encounter_may_send_offsets_and_another_none() -> None:
    zoned = encounter(2)
    zoned["fecRegistro"] = {row: f"{time}-05:00" for row, time in zoned["fecRegistro"].items()}
    first, second = read(batch_of(encounter(1), zoned))
    assert isinstance(first, Encounter)
    assert isinstance(second, Encounter)
    assert (first.zone, second.zone) == (BOGOTA, None)
    np.testing.assert_array_equal(first.instants, second.instants)


def test_an_encounter_is_the_same_however_its_number_is_written() -> None:
    batch = batch_of(encounter(5501))
    written = [5501, "5501", 5501.0, "5501.0"]
    batch["idAtencion"] = {row: written[int(row) % 4] for row in batch["idAtencion"]}
    (found,) = read(batch)
    assert_same(found, read_alone(encounter(5501)))


@pytest.mark.parametrize("cell", [None, 5.9, True, "x", "", -1, [1], {}, 2**63], ids=repr)
def test_a_row_of_nobody_refuses_the_whole_batch_by_its_key(cell: object) -> None:
    batch = batch_of(encounter(1), encounter(2))
    batch["idAtencion"]["7"] = cell
    with pytest.raises(InvalidRows, match=r"idAtencion, row '7'"):
        read(batch)


def test_a_row_that_is_absent_from_the_encounters_refuses_the_whole_batch() -> None:
    batch = batch_of(encounter(1), encounter(2))
    del batch["idAtencion"]["7"]
    with pytest.raises(InvalidRows, match=r"idAtencion, row '7': this row has no encounter"):
        read(batch)


@pytest.mark.parametrize("cell", [None, 5.9, "x"], ids=repr)
def test_a_row_of_nobody_and_of_none_of_the_nine_refuses_nobody(cell: object) -> None:
    batch = batch_of(encounter(1), encounter(2))
    batch["idAtencion"]["7"], batch["nomSigno"]["7"] = cell, "MDC_PRESS_BLD"
    assert [type(each) for each in read(batch)] == [Encounter, Encounter]


def test_an_encounter_without_any_of_the_nine_signs_is_refused_alone() -> None:
    other = encounter(2)
    other["nomSigno"] = dict.fromkeys(other["nomSigno"], "MDC_PRESS_BLD")
    first, second = read(batch_of(other, encounter(1)))
    assert isinstance(first, Refusal)
    assert (first.encounter, first.reason) == (2, NoKnownSign(180, ("MDC_PRESS_BLD",)))
    assert isinstance(second, Encounter)


@pytest.mark.parametrize(
    ("sent", "column"), [({}, "unidad"), ({"idUnidad": {"2": 5}}, "unidad"), ({"idUnidad": {"7": 5}}, "idUnidad")]
)
def test_units_of_others_do_not_change_which_column_is_named(sent: Body, column: str) -> None:
    """Row '7' of the example is its first temperature: 98.6 may be Fahrenheit."""
    hot = encounter(1, valor={"7": 98.6}) | sent
    with pytest.raises(UnitMissing, match=rf"^{column}, row '7'"):
        read_alone(dict(hot))
    batch = batch_of(encounter(1, valor={"7": 98.6}), encounter(2)) | sent
    batch["unidad"] = {"187": "MDC_DIM_DEGC"}
    refused, other = read(batch)
    assert isinstance(refused, Refusal)
    assert str(refused.reason).startswith(f"{column}, row '7'")
    assert isinstance(other, Encounter)


def test_lists_say_the_same_as_objects() -> None:
    batch = batch_of(encounter(1), encounter(2), seed=3)
    lists = {name: list(column.values()) for name, column in batch.items()}
    for found, wanted in zip(read(lists), read(batch), strict=True):
        assert isinstance(wanted, Encounter)
        assert_same(found, wanted)


def test_no_rows_are_no_encounters() -> None:
    assert read({"idAtencion": {}, "nomSigno": {}, "valor": {}, "fecRegistro": {}}) == []


@pytest.mark.parametrize("column", ["idAtencion", "nomSigno", "valor", "fecRegistro"])
def test_every_other_column_than_the_codes_is_required_of_a_batch(column: str) -> None:
    batch = batch_of(encounter(1))
    del batch[column]
    with pytest.raises(ValidationError) as caught:
        BatchSchema().load(batch)
    assert list(caught.value.messages_dict) == [column]


def test_one_number_is_no_column_of_encounters() -> None:
    with pytest.raises(ValidationError, match="must be an object of row keys and cells"):
        BatchSchema().load(encounter(1))
