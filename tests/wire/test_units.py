"""Units, as exports write them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import numpy as np
import pytest
import reading

from fcv_api.domain.bad_cells import InvalidRows, UnitMissing, WrongUnit
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.vitals import INDEX_BY_NAME

Body = dict[str, Any]
TEMPERATURE = "MDC_TEMP"


def read(body: Body) -> Encounter:
    return reading.read(body, UTC)


def rows_of(body: Body, sign: str) -> list[str]:
    return [row for row, name in body["nomSigno"].items() if name == sign]


def told(body: Body, sign: str, value: float | None = None, **units: Any) -> Body:
    """Give each row of a sign a unit, and a value."""
    rows = rows_of(body, sign)
    changed = {column: dict.fromkeys(rows, unit) for column, unit in units.items()}
    values = {} if value is None else {"valor": body["valor"] | dict.fromkeys(rows, value)}
    return body | changed | values


def values(encounter: Encounter, sign: str) -> list[float]:
    found: list[float] = np.unique(encounter.values[encounter.signs == INDEX_BY_NAME[sign]]).tolist()
    return found


@pytest.mark.parametrize(
    ("sign", "value", "unit", "own"),
    [
        (TEMPERATURE, 98.6, "MDC_DIM_FAHR", 37.0),
        (TEMPERATURE, 98.6, "[degF]", 37.0),
        (TEMPERATURE, 122.0, "MDC_DIM_FAHR", 50.0),
        (TEMPERATURE, 37.0, "Cel", 37.0),
        ("MDC_LEN_BODY_ACTUAL", 67.0, "MDC_DIM_INCH", 170.18),
        ("MDC_LEN_BODY_ACTUAL", 67.0, "[in_i]", 170.18),
        ("MDC_LEN_BODY_ACTUAL", 1.7, "m", 170.0),
        ("MDC_MASS_BODY_ACTUAL", 150.0, "[lb_av]", 68.0388555),
        ("MDC_MASS_BODY_ACTUAL", 150.0, "MDC_DIM_LB", 68.0388555),
        ("MDC_BLD_PERF_INDEX", 1.5, "MDC_DIM_DIMLESS", 1.5),
        ("MDC_TTHOR_RESP_RATE", 16.0, "/min", 16.0),
    ],
)
def test_a_value_is_brought_to_its_signs_own_unit(
    encounter: Body, sign: str, value: float, unit: str, own: float
) -> None:
    read_one = read(told(encounter, sign, value, unidad=unit))
    assert values(read_one, sign) == pytest.approx([own])
    assert read_one.unknown_units == ()


@pytest.mark.parametrize("code", [266560, "266560", 266560.0])
@pytest.mark.parametrize("name", [None, "", "  ", "grados"])
def test_a_code_is_read_where_the_name_says_nothing(encounter: Body, name: object, code: object) -> None:
    assert values(read(told(encounter, TEMPERATURE, 98.6, unidad=name, idUnidad=code)), TEMPERATURE) == pytest.approx(
        [37]
    )


def test_a_code_is_read_without_names(encounter: Body) -> None:
    assert values(read(told(encounter, TEMPERATURE, 98.6, idUnidad=266560)), TEMPERATURE) == pytest.approx([37])


@pytest.mark.parametrize("unit", ["MDC_DIM_KILO_G", "mm[Hg]", 266016])
def test_a_unit_of_another_kind_is_refused_with_its_row(encounter: Body, unit: object) -> None:
    with pytest.raises(WrongUnit, match="no unit of MDC_TEMP") as caught:
        read(told(encounter, TEMPERATURE, unidad=unit))
    assert caught.value.count == 20
    assert caught.value.cells[0].row == rows_of(encounter, TEMPERATURE)[0]


@pytest.mark.parametrize("unit", [None, "", "°X"])
def test_a_temperature_over_50_without_a_known_unit_is_refused_and_never_guessed(encounter: Body, unit: object) -> None:
    with pytest.raises(UnitMissing) as caught:
        read(told(encounter, TEMPERATURE, 98.6, unidad=unit))
    assert "98.6" not in str(caught.value)
    assert values(read(told(encounter, TEMPERATURE, 50.0, unidad=unit)), TEMPERATURE) == [50.0]


def test_a_unit_that_is_not_known_is_named_and_never_called_missing(encounter: Body) -> None:
    with pytest.raises(UnitMissing, match=r"the unit '°X' is not known: send °C or °F, as Cel or \[degF\]"):
        read(told(encounter, TEMPERATURE, 98.6, unidad="°X"))


def test_a_temperature_over_50_degrees_celsius_is_implausible(encounter: Body) -> None:
    found = read(told(encounter, TEMPERATURE, 98.6, unidad="MDC_DIM_DEGC"))
    assert [(each.sign, each.count) for each in found.implausible] == [(INDEX_BY_NAME[TEMPERATURE], 20)]


def test_an_unknown_unit_is_remembered_and_the_value_used_as_it_is(encounter: Body) -> None:
    found = read(told(encounter, TEMPERATURE, 37.0, unidad=" grados "))
    assert found.unknown_units == ((INDEX_BY_NAME[TEMPERATURE], "grados"),)
    assert values(found, TEMPERATURE) == [37.0]


@pytest.mark.parametrize("column", ["unidad", "idUnidad"])
@pytest.mark.parametrize("cell", [[], {}])
def test_a_unit_is_no_list_and_no_object(encounter: Body, column: str, cell: object) -> None:
    with pytest.raises(InvalidRows, match=f"{column}.*must be a unit"):
        read(told(encounter, TEMPERATURE, None, **{column: cell}))


def test_all_unknown_units_of_a_sign_are_named_in_one_order(encounter: Body) -> None:
    rows = [row for row, name in encounter["nomSigno"].items() if name == TEMPERATURE]
    units = dict(zip(rows, ["odd", 7.0, "7", "Odd", "odd"], strict=False))
    assert read(encounter | {"unidad": units}).unknown_units == ((INDEX_BY_NAME[TEMPERATURE], "7, Odd, odd"),)


def test_units_of_other_rows_refuse_nobody(encounter: Body) -> None:
    encounter["nomSigno"]["x"], encounter["fecRegistro"]["x"] = "MDC_OTHER", "2024-03-03 09:30:00"
    assert read(encounter | {"unidad": {"x": [], "gone": "MDC_DIM_KILO_G"}}).unknown_units == ()


def test_a_row_without_a_value_needs_no_unit(encounter: Body) -> None:
    read(
        told(encounter, TEMPERATURE, unidad="kg")
        | {"valor": encounter["valor"] | dict.fromkeys(rows_of(encounter, TEMPERATURE))}
    )


@pytest.mark.parametrize(
    "row",
    [
        {"nomSigno": "MDC_OTHER", "valor": 80.0},
        {"nomSigno": TEMPERATURE, "valor": None},
        {"nomSigno": TEMPERATURE, "valor": 5.0},
    ],
    ids=["of another sign", "without a value", "implausible"],
)
@pytest.mark.parametrize("time", ["2024-03-03 10:30:00", "2024-03-03T10:30:00Z"])
def test_the_newest_instant_is_that_of_any_row(encounter: Body, row: Body, time: str) -> None:
    if row["valor"] == 5.0 and "T" in time:
        return  # naive and zoned times of measured rows are a mix
    for column, cell in (row | {"fecRegistro": time}).items():
        encounter[column]["x"] = cell
    assert str(read(encounter).newest) == "2024-03-03T10:30:00.000000"


@pytest.mark.parametrize("time", ["never", None, 5, [], {}])
def test_a_row_that_nobody_reads_may_hold_no_time(encounter: Body, time: object) -> None:
    encounter["nomSigno"]["x"], encounter["fecRegistro"]["x"] = "MDC_OTHER", time
    assert str(read(encounter).newest) == "2024-03-03T09:30:00.000000"
