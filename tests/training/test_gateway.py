"""The schedule of posts: by seed, with the faults that were asked for and no others, and never ahead of its time."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from itertools import pairwise

import pytest

from fcv_api.domain.observations import Key, Observation
from fcv_api.training.bedside import MINUTE, SECOND
from fcv_api.training.gateway import AFTERWARDS, Faults, Play, Post, schedule, ward
from fcv_api.training.simulate import Stay, simulate

CALM = Play(1_709_458_200 * SECOND, 90, seed=4, channel="1.1.2.1")
ALL = Faults(**{each.name: 0.2 for each in fields(Faults)})


@pytest.fixture(scope="module")
def stay() -> Stay:
    return next(simulate(1, seed=4))


def rows_of(stay: Stay, faults: Faults) -> list[Observation]:
    return [each for post in schedule(stay, replace(CALM, faults=faults)) for each in post.posted.observations]


def counted(stay: Stay, faults: Faults) -> Counter[Key]:
    return Counter(each.key for each in rows_of(stay, faults))


def test_without_faults_each_row_comes_once_when_its_minute_is_over(stay: Stay) -> None:
    posts = list(schedule(stay, CALM))
    assert [post.at for post in posts] == [CALM.start + (index + 1) * MINUTE for index in range(90)]
    assert max(counted(stay, Faults()).values()) == 1
    for post in posts:
        assert all(post.at - MINUTE <= each.key.at < post.at for each in post.posted.observations)
        assert {(each.status, each.bed, each.key.channel) for each in post.posted.observations} == {
            ("F", "SIM-01", "1.1.2.1")
        }


def test_the_same_seed_gives_the_same_posts_and_another_one_others(stay: Stay) -> None:
    play = replace(CALM, faults=ALL)
    assert list(schedule(stay, play)) == list(schedule(stay, play))
    assert list(schedule(stay, play)) != list(schedule(stay, replace(play, seed=5)))


def test_no_post_brings_what_is_not_measured_yet_and_posts_end(stay: Stay) -> None:
    posts = list(schedule(stay, replace(CALM, faults=ALL)))
    assert all(each.key.at < post.at for post in posts for each in post.posted.observations)
    assert posts[-1].at <= CALM.start + (CALM.minutes + AFTERWARDS + 2) * MINUTE
    assert [post.at for post in posts] == sorted(post.at for post in posts)


def test_rows_are_lost_and_repeated_by_their_shares(stay: Stay) -> None:
    whole = counted(stay, Faults())
    lost, repeated = counted(stay, Faults(lost=0.2)), counted(stay, Faults(repeated=0.2))
    assert lost.keys() < whole.keys()
    assert lost.total() == pytest.approx(0.8 * whole.total(), rel=0.05)
    assert repeated.keys() == whole.keys()
    assert repeated.total() == pytest.approx(1.2 * whole.total(), rel=0.05)
    assert counted(stay, Faults(lost=1.0)) == {}


def test_late_rows_come_up_to_15_minutes_later(stay: Stay) -> None:
    posts = schedule(stay, replace(CALM, faults=Faults(late=0.2)))
    behind = Counter((post.at - 1 - each.key.at) // MINUTE for post in posts for each in post.posted.observations)
    assert set(behind) == set(range(16))
    assert behind[0] / behind.total() == pytest.approx(0.8, rel=0.05)
    assert counted(stay, Faults(late=0.2)) == counted(stay, Faults())


def test_a_corrected_row_comes_wrong_first_and_its_correction_is_right(stay: Stay) -> None:
    whole = {each.key: each.value for each in rows_of(stay, Faults())}
    said = rows_of(stay, Faults(corrected=0.2))
    corrections = {each.key: each.value for each in said if each.status == "C"}
    assert len(corrections) == pytest.approx(0.2 * len(whole), rel=0.1)
    for each in said:
        is_wrong = each.status == "F" and each.key in corrections
        assert (each.value != whole[each.key]) == is_wrong


def test_a_swapped_post_comes_after_the_next_one(stay: Stay) -> None:
    posts = list(schedule(stay, replace(CALM, faults=Faults(swapped=0.2))))
    firsts = [post.posted.observations[0].key.at for post in posts]
    swapped = sum(later < earlier for earlier, later in pairwise(firsts))
    assert 5 < swapped < 30
    assert counted(stay, Faults(swapped=0.2)) == counted(stay, Faults())


def test_no_post_states_one_observation_twice_which_the_service_would_average(stay: Stay) -> None:
    for post in schedule(stay, replace(CALM, faults=ALL)):
        stated = Counter((each.key, each.status) for each in post.posted.observations)
        assert max(stated.values()) == 1


def test_a_ward_is_its_beds_by_time() -> None:
    play = replace(CALM, minutes=10, faults=ALL)
    posts = list(ward(simulate(3, seed=1), play))
    assert [post.at for post in posts] == sorted(post.at for post in posts)
    beds = [[post for post in posts if post.posted.encounter == stay.id] for stay in simulate(3, seed=1)]
    alone: list[list[Post]] = [list(schedule(stay, play, at)) for at, stay in enumerate(simulate(3, seed=1))]
    assert beds == alone
    assert {each.bed for post in posts for each in post.posted.observations} == {"SIM-01", "SIM-02", "SIM-03"}
