"""Whatever clients send at once, all processes stay under 1 GB, give it back, and answer others meanwhile.

`make faults` runs these, and each prints its figures; FAULTS_SHORT=1 makes them short. `make attack` has more of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import attacks
import pytest
from beds import Seen, settled, usual, watched
from clients import SHORT
from large_bodies import LARGE_BODIES
from service import running
from target import Target

MOST, LEFT = 1024, 100
"""MB while it happens, and more than at the start a minute after."""
TIMES = 10
"""How many times their usual p95 others may wait."""
ENOUGH = 8
"""Answers to others, of each attack."""
SCALE = replace(attacks.SHORT, many=8, size=6_000_000, seconds=0) if SHORT else attacks.LONG
"""In the short form each client sends once."""

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Give a service with two workers that has answered a few calls."""
    with running(tmp_path_factory.mktemp("memory"), WORKERS="2") as service:
        yield Target([service], service.sign_in())


@pytest.fixture(scope="module")
def before(target: Target) -> Seen:
    """Give what the service holds and others wait when nothing else happens."""
    for _ in range(4):
        attacks.post_batch(LARGE_BODIES["many large batches"](1_000_000), target)
    return usual(target, 5 if SHORT else 20)


@pytest.mark.parametrize("name", [*LARGE_BODIES, "slow readers of a kept answer"])
def test_whatever_many_send_at_once_others_are_answered_and_memory_is_bounded(
    target: Target, before: Seen, name: str
) -> None:
    with watched(target) as seen:
        statuses = attacks.ATTACKS[name](target, SCALE)
        while len(seen.waits) < ENOUGH:  # the short form may be over before anybody else has asked
            time.sleep(0.05)
    left = settled(target, before.most + LEFT)
    memory = f"{before.most:.0f} MB before, {seen.most:.0f} MB at most, {left:.0f} MB after"
    waits = f"p95 of others {before.p95():.0f} ms, then {seen.p95():.0f} ms {dict(seen.statuses)}"
    print(f"\n{name}: {dict(statuses)}; {memory}; {waits}")
    assert seen.most < MOST
    assert left < before.most + LEFT
    assert seen.statuses.keys() == {200}
    assert not statuses.keys() & {0, 500}
    if not SHORT:  # a few seconds are no distribution
        assert seen.p95() < TIMES * before.p95()
