"""A load of the feed: beds that post every minute, their turns scored by `fcv feed run`, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from service import free_port

from bench.feed import gateway, monitors
from bench.feed.beside import predicting, watched
from bench.feed.host import History, Host, Spent, fill, host
from bench.feed.posts import Line, Pace, Sent, drive, lines
from fcv_api.ledger.record import utc_moment

SLOT = 300
SETTLE = 30
"""FCV_SETTLE_SECONDS, as it is by default."""
FILLING = 0.04
"""Seconds that a bed's past may take to be written: it ends when the posts begin, so that no window has a gap."""
LONGEST_WAIT = 120
"""Seconds that the last turns are waited for."""
LAST_LOOK = 30
"""Seconds before the next slot is due, from which on a bed that posts first may miss the one before."""


@dataclass(frozen=True)
class Plan:
    """A load. within: seconds after it is due in which every turn is wanted. predicts: real ones a second beside it.

    every: seconds between two posts of a bed. aligned: begin right after a slot is due, so that whole slots follow.
    step: minutes between the rows of the beds' past. obx: of a message, where they come by HL7; 0 where they are
    posted. connections: of the gateway.
    """

    beds: int
    minutes: float
    postgresql: bool
    within: float
    predicts: float = 1.0
    every: float = 60.0
    aligned: bool = True
    step: int = 1
    obx: int = 0
    connections: int = 2


class Turn(NamedTuple):
    """A recorded turn. late: seconds after it was due, or after its bed's first post if that came later (`first`)."""

    bed: int
    slot: int
    late: float
    first: bool
    refused: bool


@dataclass(frozen=True)
class Outcome:
    """What came of a load. wanted: of which bed and slot a turn must be there. kept: rows more in the database.

    predicts: seconds that each took. waits: locks of PostgreSQL's that were waited for over half a second.
    """

    sent: list[Sent]
    turns: list[Turn]
    wanted: set[tuple[int, int]]
    kept: int
    spent: Spent
    seconds: float
    megabytes: list[float]
    predicts: list[float]
    waits: int

    @property
    def missing(self) -> int:
        """How many turns were not recorded."""
        return len(self.wanted - {(each.bed, each.slot) for each in self.turns})

    @property
    def twice(self) -> int:
        """How many were recorded more than once."""
        return len(self.turns) - len({(each.bed, each.slot) for each in self.turns})

    @property
    def lost(self) -> int:
        """How many posts were not answered with 200, and rows that were said to be new and are not kept."""
        wrong = sum(each.status != 200 for each in self.sent)  # noqa: PLR2004
        return wrong + abs(sum(each.new for each in self.sent) - self.kept)


def run(plan: Plan, folder: Path) -> Outcome:
    """Fill the beds' past, let them post, wait for the last turns, and ask the database what it holds."""
    port = free_port()
    settings = gateway.settings(folder, port) if plan.obx else {}
    with host(folder, postgresql=plan.postgresql, scores=True, **settings) as running:
        headers = running.service.sign_in()
        began = _begin(plan, time.time() + FILLING * plan.beds / plan.step)
        _fill(running, plan, int(began // 60))
        before, began = _count(running), began if time.time() < began else _begin(plan, time.time())
        pace = Pace(plan.beds, began, 60 * plan.minutes, plan.every)
        by = _gateway(plan, port) if plan.obx else lines(running.service.address, headers["Authorization"], pace)
        time.sleep(max(began - time.time(), 0))
        spent = running.spent
        with predicting(running, headers, plan.predicts) as predicts, watched(running) as megabytes:
            sent = drive(by, pace)
            wanted = wanted_turns(sent, began + 60 * plan.minutes)
            _wait(running, len(wanted))
        used, seconds = running.spent.since(spent), time.time() - began
        kept = _count(running) - before
        return Outcome(sent, _turns(running, sent), wanted, kept, used, seconds, megabytes, predicts, running.waits)


def _fill(host: Host, plan: Plan, end: int) -> None:
    """Let the beds have a past, from the source that they are going to send by. end: in minutes since the epoch."""
    past = History(gateway.NAME if plan.obx else "api:ana", plan.beds, end, step=plan.step)
    fill(host, past, gateway.history(past.end, past.minutes, past.step) if plan.obx else None)


def _gateway(plan: Plan, port: int) -> list[Line]:
    messages = gateway.Messages(plan.obx)
    return [gateway.Line(port, messages) for _ in range(plan.connections)]


def _begin(plan: Plan, now: float) -> float:
    return (now - SETTLE) // SLOT * SLOT + SLOT + SETTLE + 15 if plan.aligned else now + 1


def _count(host: Host) -> int:
    ((count,),) = host.rows("SELECT count(*) FROM observations")
    return int(str(count))


def wanted_turns(sent: Iterable[Sent], end: float) -> set[tuple[int, int]]:
    """Return the turns that must be there: each bed's at the slot that was due when it first posted, and at each since.

    end: of the posts, in seconds since the epoch.
    """
    first: dict[int, float] = {}
    for each in sent:
        first[each.bed] = min(each.at + each.late, first.get(each.bed, end))
    starts = {bed: (at - SETTLE + LAST_LOOK) // SLOT * SLOT for bed, at in first.items()}
    return {(bed, slot) for bed, start in starts.items() for slot in range(int(start), int(end - SETTLE) + 1, SLOT)}


def _wait(host: Host, turns: int) -> None:
    """Wait until as many turns are recorded, or for as long as one may wait."""
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until:
        ((count,),) = host.rows("SELECT count(*) FROM predictions WHERE slot IS NOT NULL")
        if int(str(count)) >= turns:
            return
        time.sleep(1)


def _turns(host: Host, sent: list[Sent]) -> list[Turn]:
    stored: dict[int, float] = {}
    for each in sent:
        stored[each.bed] = min(each.at + each.late + each.seconds, stored.get(each.bed, each.at + SLOT))
    found = []
    for encounter, slot, at, problem in host.rows(
        "SELECT encounter, slot, at, problem FROM predictions WHERE slot IS NOT NULL"
    ):
        bed, end = int(str(encounter)) - monitors.FIRST, int(str(slot)) // 1_000_000
        due, first = max(end + SETTLE, stored[bed]), end + SETTLE < stored[bed]
        found.append(Turn(bed, end, utc_moment(str(at)).timestamp() - due, first, problem is not None))
    return found
