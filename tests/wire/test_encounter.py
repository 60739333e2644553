"""`/predict`'s request: from Spanish columns to one encounter."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from marshmallow import ValidationError
from reading import Body, read

from fcv_api.domain.bad_cells import BadCells, Cell, CodeNameConflict, InvalidRows, MixedTimeZones
from fcv_api.domain.encounter import Encounter
from fcv_api.domain.errors import NoKnownSign, SeveralEncounters
from fcv_api.domain.vitals import SIGN_NAMES, SIGNS
from fcv_api.domain.window import WindowSpec, extract_window
from fcv_api.wire.encounter import EncounterSchema

FIXTURES = Path(__file__).parents[1] / "fixtures"
COLUMNS = ("idSigno", "nomSigno", "valor", "fecRegistro")


def measurements(encounter: Encounter) -> list[tuple[int, float, Any]]:
    """Give (sign, value, instant) of every row that has a value, in an order of their own."""
    rows = zip(encounter.signs.tolist(), encounter.values.tolist(), encounter.instants.tolist(), strict=True)
    return sorted(row for row in rows if row[1] == row[1])


@pytest.mark.parametrize("number", [5501, 5502])
def test_the_window_of_a_real_export_is_the_one_that_pandas_and_scikit_learn_give(
    number: int, expected: dict[str, Any]
) -> None:
    wanted, spec = expected[f"encounter_{number}"], WindowSpec()
    window = extract_window(read(json.loads((FIXTURES / f"encounter_{number}.json").read_bytes())), spec)
    assert (str(window.first), str(window.last)) == (wanted["window_first"], wanted["window_last"])
    assert dict(zip(SIGN_NAMES, window.raw[-1], strict=True)) == pytest.approx(wanted["raw_last_row"])
    np.testing.assert_allclose(spec.scale(window.raw), wanted["z"], atol=1e-6)


def test_a_row_is_a_sign_a_value_and_an_instant_of_the_senders_clock(encounter: Body) -> None:
    first = read(encounter)
    assert (first.id, len(first.signs)) == (5501, 180)
    assert (SIGNS[first.signs[0]].name, first.values[0]) == ("MDC_BLD_PERF_INDEX", 1.1)
    assert str(first.instants[0]) == "2024-03-03T12:55:00.000000"  # 07:55 in Bogota
    assert str(first.as_sent(first.instants[0])) == "2024-03-03 07:55:00"


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_matched_by_key_and_never_by_position(encounter: Body, seed: int) -> None:
    shuffled = dict(encounter)
    for number, name in enumerate(COLUMNS):
        rows = list(encounter[name].items())
        Random(f"{seed} {number}").shuffle(rows)
        shuffled[name] = dict(rows)
    assert measurements(read(shuffled)) == measurements(read(encounter))


def test_lists_say_the_same_as_objects(encounter: Body) -> None:
    lists = {name: list(encounter[name].values()) for name in COLUMNS}
    assert measurements(read(encounter | lists)) == measurements(read(encounter))


def test_a_row_whose_key_is_absent_from_the_values_is_dropped(encounter: Body) -> None:
    whole = read(encounter)
    del encounter["valor"]["5"]
    kept = np.arange(len(whole.values)) != 5
    np.testing.assert_array_equal(read(encounter).values, whole.values[kept])


@pytest.mark.parametrize("codes", ["absent", "null", "nulls", "text", "floats", "of no sign", "empty"])
def test_codes_may_be_missing_or_written_otherwise(encounter: Body, codes: str) -> None:
    numbers, wanted = encounter.pop("idSigno"), measurements(read(encounter))
    written: dict[str, Any] = {
        "null": None,
        "nulls": dict.fromkeys(numbers),
        "text": {row: str(code) for row, code in numbers.items()},
        "floats": {row: float(code) for row, code in numbers.items()},
        "of no sign": dict.fromkeys(numbers, 1),
        "empty": {},
    }
    assert measurements(read(encounter | ({"idSigno": written[codes]} if codes in written else {}))) == wanted


def test_a_code_and_a_name_of_two_different_signs_are_refused_by_both_names(encounter: Body) -> None:
    encounter["idSigno"]["7"] = 150456
    with pytest.raises(CodeNameConflict) as caught:
        read(encounter)
    reason = "150456 is MDC_PULS_OXIM_SAT_O2, but the row is named MDC_TEMP"
    assert caught.value.cells == (Cell("idSigno", "7", reason),)


@pytest.mark.parametrize("code", ["150456", 150456.0], ids=repr)
def test_a_conflict_is_found_however_the_code_is_written(encounter: Body, code: object) -> None:
    encounter["idSigno"]["7"] = code
    with pytest.raises(CodeNameConflict):
        read(encounter)


def test_the_ecg_heart_rate_that_some_monitors_send_a_second_time_under_another_name_is_dropped(
    encounter: Body,
) -> None:
    """147842 is MDC_ECG_HEART_RATE, and comes as MDC_ECG_CARD_BEAT_RATE too, with values of its own."""
    wanted = measurements(read(encounter))
    rates = [row for row, name in encounter["nomSigno"].items() if name == "MDC_ECG_HEART_RATE"]
    assert {encounter["idSigno"][row] for row in rates} == {147842}
    for row in rates:
        again = f"{row} again"
        encounter["nomSigno"][again] = "MDC_ECG_CARD_BEAT_RATE"
        encounter["valor"][again] = encounter["valor"][row] + 7
        for column in ("idSigno", "fecRegistro"):
            encounter[column][again] = encounter[column][row]
    assert measurements(read(encounter)) == wanted


@pytest.mark.parametrize("name", ["MDC_RESP_RATE", "NOM_ECG_CARD_BEAT_RATE", "Temperatura"], ids=repr)
def test_rows_of_other_signs_are_dropped_before_any_other_check(encounter: Body, name: str) -> None:
    wanted = measurements(read(encounter))
    encounter["nomSigno"] |= {"a": name, "b": name}
    encounter["idSigno"]["a"] = 150344  # one of the nine, but the name says which rows are read
    encounter["valor"]["a"] = {"not": "a number"}
    encounter["fecRegistro"]["a"] = "never"
    assert measurements(read(encounter)) == wanted


@pytest.mark.parametrize("column", ["idSigno", "valor", "fecRegistro"])
def test_a_row_without_a_name_is_refused(encounter: Body, column: str) -> None:
    encounter[column]["new"] = encounter[column]["0"]
    with pytest.raises(InvalidRows) as caught:
        read(encounter)
    assert caught.value.cells == (Cell("nomSigno", "new", "this row has no name"),)


@pytest.mark.parametrize("name", [None, "", "  ", "NULL"], ids=repr)
def test_a_name_that_says_nothing_is_no_name(encounter: Body, name: object) -> None:
    encounter["nomSigno"]["4"] = name
    with pytest.raises(InvalidRows) as caught:
        read(encounter)
    assert caught.value.cells == (Cell("nomSigno", "4", "this row has no name"),)


@pytest.mark.parametrize("written", ["{} ", "\u00a0{}", "{}\t", "\ufeff{}"], ids=ascii)
def test_a_sign_is_read_whatever_blanks_its_name_has(encounter: Body, written: str) -> None:
    wanted = measurements(read(encounter))
    names = {row: written.format(name) if int(row) % 3 else name.lower() for row, name in encounter["nomSigno"].items()}
    assert measurements(read(encounter | {"nomSigno": names})) == wanted


def test_rows_none_of_which_bears_one_of_the_nine_names_are_refused_with_the_first_names(encounter: Body) -> None:
    names = {row: f"SIGN_{int(row) % 4}" for row in encounter["nomSigno"]}
    with pytest.raises(NoKnownSign, match=r"None of 180 rows .* \(first names seen: SIGN_0, SIGN_1, SIGN_2\)"):
        read(encounter | {"nomSigno": names})


def test_an_encounter_whose_known_signs_have_no_value_yet_may_have_one_later(encounter: Body) -> None:
    assert len(read(encounter | {"valor": dict.fromkeys(encounter["valor"])}).signs) == 0


def test_a_row_without_a_time_is_refused(encounter: Body) -> None:
    del encounter["fecRegistro"]["4"]
    with pytest.raises(InvalidRows) as caught:
        read(encounter)
    assert caught.value.cells == (Cell("fecRegistro", "4", "this row is missing from the column"),)


@pytest.mark.parametrize("sent", [5, 5.0, "5", "5.0", [5, 5.0, "5"], {"0": "5"}], ids=repr)
def test_an_encounters_number_may_come_as_text_as_a_float_or_as_a_column(encounter: Body, sent: object) -> None:
    assert EncounterSchema().load(encounter | {"idAtencion": sent}).id == 5


@pytest.mark.parametrize("sent", [0, 2**63 - 1])
def test_an_encounters_number_is_at_most_what_a_database_holds(encounter: Body, sent: int) -> None:
    assert EncounterSchema().load(encounter | {"idAtencion": sent}).id == sent


@pytest.mark.parametrize(
    "sent", [5.9, "5.9", True, -1, 2**63, float(2**53), "x", "", None, [], {}, [5, None], [[5]]], ids=repr
)
def test_nothing_else_is_an_encounters_number(encounter: Body, sent: object) -> None:
    with pytest.raises(ValidationError) as caught:
        EncounterSchema().load(encounter | {"idAtencion": sent})
    assert list(caught.value.messages_dict) == ["idAtencion"]


@pytest.mark.parametrize("sent", [[5, 6, 5], {"0": 5, "1": "6"}], ids=repr)
def test_rows_of_several_encounters_are_no_encounter(encounter: Body, sent: object) -> None:
    with pytest.raises(SeveralEncounters, match=r"of 2 encounters.*/predict/batch"):
        EncounterSchema().load(encounter | {"idAtencion": sent})


@pytest.mark.parametrize("column", ["idAtencion", "nomSigno", "valor", "fecRegistro"])
def test_every_other_column_than_the_codes_is_required(encounter: Body, column: str) -> None:
    del encounter[column]
    with pytest.raises(ValidationError) as caught:
        EncounterSchema().load(encounter)
    assert list(caught.value.messages_dict) == [column]


def test_a_refusal_is_about_the_nine_signs_only(encounter: Body) -> None:
    encounter["nomSigno"]["3"] = "MDC_PRESS_BLD"
    encounter["fecRegistro"]["3"] = "2024-03-03 09:30:00Z"  # the only zoned time of the body
    assert len(read(encounter).signs) == 179


def test_a_refusal_is_one_of_bad_cells(encounter: Body) -> None:
    encounter["fecRegistro"]["3"] = "2024-03-03 09:30:00Z"
    with pytest.raises(BadCells) as caught:
        read(encounter)
    assert (type(caught.value), caught.value.count) == (MixedTimeZones, 179)
