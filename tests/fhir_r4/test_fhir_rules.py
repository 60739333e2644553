"""The rules that make an observation of an Observation, one by one."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import orjson
import pytest
from bundles import AT, LOINC, MDC, SOURCE, VISIT, Resource, bundle, observation, reading, reasons

from fcv_api.fhir.encounters import Visit
from fcv_api.fhir.reading import read_bundle
from fcv_api.wire.hl7.observation import Row
from fcv_api.wire.hl7.source import Source

NOON = 1_772_378_100_000_000
"""AT, in microseconds."""


def only(*resources: Any, source: Source = SOURCE) -> tuple[Visit, Row]:
    (row,) = reading(*resources, source=source).rows
    return row


def sign(*codings: tuple[str, ...]) -> str:
    return only(observation(40, *codings, unit=None))[1].observation.key.name


@pytest.mark.parametrize(
    ("codings", "name"),
    [
        ([(MDC, "149530"), (LOINC, "8867-4")], "MDC_PULS_OXIM_PULS_RATE"),
        ([(LOINC, "8867-4"), (MDC, "147842")], "MDC_ECG_HEART_RATE"),
        ([("urn:vendor", "HR"), (LOINC, "8867-4")], "MDC_ECG_HEART_RATE"),
        ([(MDC, "147842", "MDC_ECG_CARD_BEAT_RATE")], "MDC_ECG_CARD_BEAT_RATE"),
        ([(MDC, "147842", "Heart rate")], "MDC_ECG_HEART_RATE"),
        ([(MDC, "MDC_TEMP")], "MDC_TEMP"),
        ([(LOINC, "8867-4"), (LOINC, "8889-8")], "MDC_PULS_OXIM_PULS_RATE"),
        ([(LOINC, "59408-5"), (LOINC, "2708-6")], "MDC_PULS_OXIM_SAT_O2"),
        ([("urn:oid:2.16.840.1.113883.6.24", "151578")], "MDC_TTHOR_RESP_RATE"),
    ],
)
def test_mdc_decides_and_then_loinc(codings: list[tuple[str, ...]], name: str) -> None:
    assert sign(*codings) == name


@pytest.mark.parametrize(
    ("codings", "reason"),
    [
        ([(MDC, "149546"), (LOINC, "8867-4")], "other-sign"),  # a pulse of a cuff, by whatever code beside it
        ([(MDC, "151562"), (LOINC, "9279-1")], "other-sign"),  # a respiration that is not the electrodes'
        ([(LOINC, "8867-4"), (LOINC, "9279-1")], "code-and-name-disagree"),
        ([(MDC, "147842"), (MDC, "149530")], "code-and-name-disagree"),
        ([(MDC, "147842", "MDC_TEMP")], "code-and-name-disagree"),
        ([("urn:vendor", "147842")], "other-sign"),
        ([("", "8867-4")], "other-sign"),
    ],
)
def test_a_code_that_may_mean_something_else_is_no_sign(codings: list[tuple[str, ...]], reason: str) -> None:
    assert reasons(observation(40, *codings)) == [reason]


def test_an_alias_of_the_source_is_a_sign() -> None:
    own = Source("icu", UTC, codes={"hr^urn:vendor": 1}, names={"resp": 8})
    assert only(observation(40, ("urn:vendor", "HR")), source=own)[1].observation.key.name == "hr^urn:vendor"
    assert only(observation(40, ("urn:vendor", "R", "Resp")), source=own)[1].observation.key.sign == 151578


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ({"effectiveDateTime": AT}, NOON),
        ({"effectiveDateTime": "2026-03-01T15:15:00Z"}, NOON),
        ({"effectiveDateTime": "2026-03-01T15:15:00.1234567Z"}, NOON + 123_456),
        ({"effectiveInstant": "2026-03-01T15:15:00+00:00"}, NOON),
        ({"effectivePeriod": {"start": "2026-03-01T15:10:00Z", "end": "2026-03-01T15:15:00Z"}}, NOON),
    ],
)
def test_a_time_is_an_instant_or_the_end_of_a_period(time: dict[str, Any], at: int) -> None:
    row = only(observation(**({"effectiveDateTime": None} | time)))[1]
    assert row.observation.key.at == at


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ({}, "no-time"),
        ({"effectivePeriod": {"start": AT}}, "no-time"),
        ({"effectiveTiming": {"event": [AT]}}, "no-time"),
        ({"effectiveDateTime": "2026-03-01"}, "unreadable-time"),
        ({"effectiveDateTime": "2026-03"}, "unreadable-time"),
        ({"effectiveDateTime": "2026-02-31T10:00:00Z"}, "unreadable-time"),
        ({"effectiveDateTime": "2026-03-01T10:00:00+29:00"}, "unreadable-time"),
        ({"effectiveDateTime": "0001-03-01T10:00:00Z"}, "unreadable-time"),
        ({"effectiveDateTime": "2026-03-01T10:15:00"}, "ambiguous-time"),
    ],
)
def test_what_is_no_instant_is_no_observation(time: dict[str, Any], reason: str) -> None:
    assert reasons(observation(**({"effectiveDateTime": None} | time))) == [reason]


@pytest.mark.parametrize(
    ("status", "value", "stored"),
    [
        ("final", 80, ("F", 80.0)),
        ("preliminary", 80, ("P", 80.0)),
        ("unknown", 80, ("", 80.0)),
        ("amended", 80, ("C", 80.0)),
        ("corrected", 80, ("C", 80.0)),
        ("corrected", None, ("C", None)),
        ("entered-in-error", 80, ("D", None)),
    ],
)
def test_a_status_replaces_or_deletes(status: str, value: float | None, stored: tuple[str, float | None]) -> None:
    said = only(observation(value, status=status))[1].observation
    assert (said.status, said.value) == stored


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"status": "registered"}, "no-result"),
        ({"status": "cancelled"}, "no-result"),
        ({"status": None}, "no-status"),
        ({"status": "done"}, "no-status"),
        ({"modifierExtension": [{"url": "urn:not", "valueBoolean": True}]}, "modifier-extension"),
        ({"meta": {"security": [{"code": "HTEST"}]}}, "not-measured"),
        ({"encounter": None}, "no-encounter"),
        ({"encounter": {"reference": "urn:uuid:0"}}, "no-encounter"),
        ({"encounter": {"reference": "#none"}}, "no-encounter"),
        ({"encounter": {"display": "Bed 7"}}, "no-encounter"),
        ({"encounter": {"identifier": {"value": " "}}}, "no-encounter"),
        ({"valueQuantity": None}, "no-value"),
        ({"valueQuantity": {"unit": "/min"}}, "no-value"),
        ({"valueQuantity": None, "valueString": "80"}, "no-value"),
        ({"valueQuantity": {"value": 80, "comparator": "<"}}, "comparator"),
        ({"dataAbsentReason": {"text": "lead off"}}, "absent"),
        ({"valueQuantity": {"value": 80, "code": "kg"}}, "wrong-unit"),
        ({"valueQuantity": {"value": -100}}, "sentinel"),
        ({"valueQuantity": {"value": "80"}}, "wrong-form"),
        ({"valueQuantity": None, "valueInteger": 2**40}, "wrong-form"),
        ({"code": "8867-4"}, "wrong-form"),
    ],
)
def test_what_is_no_measurement_is_no_observation(given: dict[str, Any], reason: str) -> None:
    assert reasons(observation(**given)) == [reason]


@pytest.mark.parametrize(
    ("coding", "quantity", "value", "flag"),
    [
        ("8310-5", {"value": 98.6, "code": "[degF]"}, 37.0, ""),
        ("8310-5", {"value": 98.6, "unit": "°F"}, 37.0, ""),
        ("8310-5", {"value": 36.9}, 36.9, ""),
        ("8310-5", {"value": 36.9, "code": "odd"}, 36.9, "unknown_unit"),
        ("8302-2", {"value": 1.7, "code": "m"}, 170.0, ""),
        ("59408-5", {"value": 95, "unit": "%"}, 95.0, ""),
        ("61006-3", {"value": 1.1, "code": "262656", "system": MDC}, 1.1, ""),
        ("8867-4", {"value": 900, "code": "/min"}, 900.0, "implausible_value"),
        ("8867-4", {"value": 0, "code": "{beats}/min"}, 0.0, ""),
    ],
)
def test_a_value_is_in_its_sign_s_own_unit(coding: str, quantity: dict[str, Any], value: float, flag: str) -> None:
    said = only(observation(0, (LOINC, coding), valueQuantity=quantity))[1].observation
    assert (round(said.value or 0, 9), said.flag) == (value, flag)


@pytest.mark.parametrize("quantity", [{"value": 99.1}, {"value": 99.1, "code": "odd"}])
def test_a_temperature_over_50_is_never_guessed(quantity: dict[str, Any]) -> None:
    assert reasons(observation(0, (LOINC, "8310-5"), valueQuantity=quantity)) == ["unit-missing"]


def test_components_are_not_read() -> None:
    part = {"code": {"coding": [{"system": LOINC, "code": "8867-4"}]}, "valueQuantity": {"value": 80}}
    assert reasons(observation(None, (LOINC, "85354-9"), component=[part])) == ["other-sign"]


def test_unknown_elements_and_extensions_are_passed_over() -> None:
    odd: dict[str, Any] = {
        "extension": [{"url": "urn:x", "valueCode": "y"}],
        "_status": {"id": "a"},
        "zzz": [{"deep": [1, None]}],
    }
    assert only(observation(**odd))[1].observation.value == 80


def test_a_device_is_the_channel() -> None:
    ways = ({"identifier": {"value": "M1"}}, {"reference": "DeviceMetric/2"}, {"display": "ECG"}, {"reference": "#d"})
    assert [only(observation(device=each))[1].observation.key.channel for each in ways] == [
        *("M1", "DeviceMetric/2", "ECG", ""),
    ]


def an_encounter(**given: Any) -> Resource:
    named = [
        {"system": "urn:h", "value": "MR1"},
        {"type": {"coding": [{"code": "VN"}]}, "system": "urn:h", "value": "V1"},
    ]
    place = [
        {"status": "completed", "location": {"display": "ER 1"}},
        {"status": "active", "location": {"display": "UCI 07"}},
    ]
    return {"resourceType": "Encounter", "id": "e1", "identifier": named, "location": place} | given


@pytest.mark.parametrize("where", ["Encounter/e1", "Encounter/e1/_history/3", "urn:uuid:11"])
def test_an_encounter_beside_it_names_its_visit_and_bed(where: str) -> None:
    both = bundle(an_encounter(), observation(encounter={"reference": where}))
    both["entry"][0]["fullUrl"] = "urn:uuid:11"
    ((visit, row),) = reading(**both).rows
    assert (visit.identifier.authority, visit.identifier.value) == ("urn:h", "V1")
    assert (visit.bed, row.observation.bed, row.number) == ("UCI 07", "UCI 07", 2)


def test_an_encounter_within_it_names_its_visit() -> None:
    visit, _row = only(observation(encounter={"reference": "#e1"}, contained=[an_encounter()]))
    assert visit.identifier.value == "V1"


def test_a_reference_that_lasts_names_an_encounter() -> None:
    visit, _row = only(observation(encounter={"reference": "Encounter/77/_history/2"}))
    assert (visit.identifier.kind, visit.identifier.value) == ("REF", "Encounter/77")


def test_a_wrong_entry_fails_alone_and_says_where() -> None:
    wrong = observation(valueQuantity={"value": "80"})
    deleted = {"request": {"method": "DELETE", "url": "Observation/1"}}
    others = [{"resource": wrong}, 7, {}, {"resource": {"resourceType": "Patient", "code": 1}}, deleted]
    whole = reading(entry=[None, *others, {"resource": observation()}])
    assert [(each.number, each.reason.value, each.path) for each in whole.dropped] == [
        *((1, "wrong-form", ""), (2, "wrong-form", "resource.valueQuantity.value"), (3, "wrong-form", "")),
        *((4, "wrong-form", "resource"), (5, "no-observation", "resource"), (6, "not-offered", "request.method")),
    ]
    assert [row.number for _visit, row in whole.rows] == [7]


def test_visits_of_two_authorities_are_two() -> None:
    other = {"identifier": {"system": "urn:oid:9", "value": "990001"}}
    rows = reading(observation(), observation(encounter=other)).rows
    assert len({visit.identifier for visit, _row in rows}) == 2
    assert other != VISIT


def test_a_number_that_no_computer_holds_is_a_wrong_entry_and_no_more() -> None:
    body = orjson.dumps(bundle(observation(valueQuantity=None, valueInteger=7), observation()))
    for huge in (b"1" + b"0" * 400, b"1e999"):
        found = read_bundle(body.replace(b":7}", b":" + huge + b"}"), SOURCE)
        assert [each.reason.value for each in found.dropped] == ["wrong-form"]
        assert len(found.rows) == 1
