"""Statements about one observation: one order, whatever order they come in."""

from __future__ import annotations

from itertools import permutations

import pytest

from fcv_api.domain.observations import (
    CONFLICTING,
    IMPLAUSIBLE,
    UNITS_BETWEEN,
    UNKNOWN_UNIT,
    Key,
    Observation,
    Statement,
    averaged,
    figure_of,
    rank,
    says_the_same,
    with_those_of_no_channel,
)

HEART_RATE = 147842
KEY = Key(HEART_RATE, 0, "1", "MDC_ECG_HEART_RATE")
KEPT = Observation(KEY, "F", 80.0)
IN_ORDER = [
    Statement("P", 5, 80.0),
    Statement("F", 5, 80.0),
    Statement("F", 5, 90.0),
    Statement("F", 6, 70.0),
    Statement("C", 1, 60.0),
    Statement("C", 2, 50.0),
    Statement("C", 2, 55.0),
    Statement("D", 2, None),
    Statement("C", 3, 40.0),
    Statement("D", 4, None),
]


def test_the_order_of_statements_is_that_of_the_contract() -> None:
    assert sorted([*IN_ORDER[5:], *IN_ORDER[:5]], key=rank) == IN_ORDER


def test_the_same_statement_holds_in_whatever_order_they_come() -> None:
    assert {max(order, key=rank) for order in permutations(IN_ORDER[3:8])} == {IN_ORDER[7]}


def test_no_two_different_statements_are_equal() -> None:
    odd = [Statement("P", 5, 80.0), Statement("R", 5, 80.0), Statement("F", 5, 80.0, "a"), Statement("F", 5, 80.0, "b")]
    assert len({rank(each) for each in odd}) == len(odd)


@pytest.mark.parametrize(("status", "value"), [("D", 80.0), ("D", None), ("W", None), ("W", 3.0), ("C", None)])
def test_a_deletion_has_one_form(status: str, value: float | None) -> None:
    assert Observation(KEY, status, value, "bpm").sent(7) == Statement("D", 7, None)


def test_a_repetition_differs_in_nothing_but_its_time() -> None:
    assert says_the_same(Statement("F", 1, 80.0), Statement("F", 9, 80.0))
    assert not says_the_same(Statement("F", 1, 80.0), Statement("F", 1, 81.0))


def test_two_values_of_one_key_are_their_mean_and_flagged_where_they_lie_apart() -> None:
    near, far = (averaged([Observation(KEY, "F", 80.0), Observation(KEY, "F", value)])[0] for value in (84.0, 100.0))
    assert (near.value, near.flag) == (82.0, "")
    assert (far.value, far.flag, figure_of(far.flag, CONFLICTING)) == (90.0, f"{CONFLICTING}=20.0", 20.0)


def test_a_value_outside_the_limits_is_not_part_of_a_mean_but_flags_it() -> None:
    outside = [Observation(KEY, "F", value, flag=IMPLAUSIBLE) for value in (999.0, -999.0)]
    means = [averaged([Observation(KEY, "F", 80.0), *outside[:count]])[0] for count in (1, 2)]
    assert [(each.value, each.flag) for each in means] == [(80.0, IMPLAUSIBLE), (80.0, f"{IMPLAUSIBLE}=2")]
    assert [figure_of(each.flag, IMPLAUSIBLE) for each in (*means, KEPT)] == [1, 2, None]
    assert averaged(outside)[0].value == 999.0  # and not 0


def test_units_that_nobody_knows_are_all_kept_and_a_known_one_beside_them_is_not() -> None:
    units = {"lpm": UNKNOWN_UNIT, "golpes": UNKNOWN_UNIT, "MDC_DIM_BEAT_PER_MIN": ""}
    (found,) = averaged(Observation(KEY, "F", 80.0, unit, flag) for unit, flag in units.items())
    assert (found.unit.split(UNITS_BETWEEN), found.flag) == (["golpes", "lpm"], UNKNOWN_UNIT)


def test_observations_of_two_keys_or_statuses_stay_as_they_are() -> None:
    several = [Observation(KEY, "F", 80.0), Observation(KEY, "C", 81.0), Observation(KEY._replace(at=1), "F", 82.0)]
    assert averaged(several) == several


def test_a_deletion_without_a_channel_deletes_by_whichever_channel_the_value_came() -> None:
    other, general = KEY._replace(channel="2"), KEY._replace(channel="")
    later = KEY._replace(at=1)
    said = {KEY: Statement("F", 9, 80.0), other: Statement("C", 9, 81.0), general: Statement("D", 5, None)}
    found = with_those_of_no_channel(said | {later: Statement("F", 9, 82.0)})
    assert found == {
        KEY: Statement("D", 5, None),
        other: Statement("C", 9, 81.0),
        general: Statement("D", 5, None),
        later: Statement("F", 9, 82.0),
    }
