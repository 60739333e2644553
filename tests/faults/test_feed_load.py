"""The load of a city in short: many beds post beside `/predict`, and each is scored once by `fcv feed run`.

`make feed-load` is the long form (bench/feed).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.feed.load import Plan, run, wanted_turns
from bench.feed.posts import Pace, Sent
from bench.feed.report import figures

PLAN = Plan(100, 0.25, postgresql=True, within=60, every=10, aligned=False, step=5)
BY_HL7 = replace(PLAN, beds=60, every=15, obx=129, connections=3)

pytestmark = pytest.mark.filterwarnings("ignore")


def test_no_row_of_many_beds_is_lost_and_each_is_scored_once_in_time(tmp_path: Path) -> None:
    outcome = run(PLAN, tmp_path)
    print("\n" + "\n".join(f"{what}: {figure}" for what, figure in figures(PLAN, outcome).items()))
    assert len(outcome.sent) == 150
    assert sum(each.new for each in outcome.sent) >= 100 * 13
    assert (outcome.lost, outcome.missing, outcome.twice) == (0, 0, 0)
    assert len(outcome.turns) >= len(outcome.wanted)
    assert not any(each.refused for each in outcome.turns)
    assert max(each.late for each in outcome.turns) <= PLAN.within
    assert outcome.waits == 0
    assert max(outcome.predicts) < 15


def test_no_message_of_a_gateway_is_lost_and_each_bed_is_scored_once_in_time(tmp_path: Path) -> None:
    outcome = run(BY_HL7, tmp_path)
    print("\n" + "\n".join(f"{what}: {figure}" for what, figure in figures(BY_HL7, outcome).items()))
    assert len(outcome.sent) == BY_HL7.beds
    assert outcome.kept == BY_HL7.beds * 13
    assert (outcome.lost, outcome.missing, outcome.twice) == (0, 0, 0)
    assert not any(each.refused for each in outcome.turns)
    assert max(each.late for each in outcome.turns) <= BY_HL7.within


def test_turns_are_wanted_from_the_slot_that_was_due_at_a_beds_first_post_on() -> None:
    sent = [Sent(0, 1000.0, 0.0, 0.1, 200, 13), Sent(0, 1060.0, 0.0, 0.1, 200, 13), Sent(1, 1229.0, 0.0, 0.1, 200, 13)]
    assert wanted_turns(sent, 1240.0) == {(0, 900), (0, 1200), (1, 1200)}


def test_each_bed_posts_once_a_round() -> None:
    assert list(Pace(4, 100.0, 15.0, 10.0).times(range(0, 4, 2))) == [(0, 100.0), (2, 105.0), (0, 110.0)]
