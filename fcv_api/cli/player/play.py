"""Play a schedule of posts into a service, at its pace, and count what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from time import monotonic, sleep
from typing import Any

import click

from fcv_api.cli.player.client import Client
from fcv_api.cli.player.gateway import Gateway
from fcv_api.domain.bad_cells import MAX_CELLS
from fcv_api.domain.instants import utc
from fcv_api.domain.words import counted
from fcv_api.training.bedside import MINUTE, SECOND
from fcv_api.training.gateway import Post
from fcv_api.wire.observation_answer import COUNTED


@dataclass(frozen=True, slots=True)
class Pace:
    """When a post is due. start: in microseconds, of the play. began: the same moment by `time.monotonic`."""

    start: int
    speed: float
    began: float

    def wait(self, at: int) -> float:
        """Wait until a post is due, and return how many seconds it is late."""
        left = (at - self.start) / SECOND / self.speed - (monotonic() - self.began)
        if left > 0:
            sleep(left)
        return max(0.0, -left)


@dataclass(slots=True)
class Tally:
    """What was sent, and what was answered. counts: by the names of `COUNTED`. wrong: the first of `errors`."""

    posts: int = 0
    rows: int = 0
    errors: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[dict[str, Any]] = field(default_factory=list)

    def add(self, post: Post, answer: dict[str, Any]) -> None:
        """Count one post and its answer."""
        self.posts += 1
        self.rows += len(post.posted.observations)
        for result in (*answer["results"], answer):
            self.counts.update({name: result[name] for name in COUNTED if name in result})
            self.errors += len(result["errors"]) + result.get("more_errors", 0)
            own = ({"encounter": str(post.posted.encounter), **each} for each in result["errors"])
            self.wrong = [*self.wrong, *own][:MAX_CELLS]

    def __str__(self) -> str:
        known = ", ".join(f"{self.counts[name]:,} {name}" for name in COUNTED if self.counts[name])
        said = ", ".join(filter(None, (known, counted(self.errors, "error") if self.errors else "")))
        return f"{counted(self.posts, 'post')}, {counted(self.rows, 'row')}: {said or 'nothing counted'}"


@dataclass(slots=True)
class Outcome:
    """What came of a play. late_seconds: how far the service, or this machine, fell behind at most."""

    total: Tally
    late_seconds: float = 0.0


def play(posts: Iterable[Post], client: Client | Gateway, pace: Pace, *, quiet: bool) -> Outcome:
    """Send posts, each when it is due, and print what was answered in each minute. Raises Unanswered."""
    outcome = Outcome(Tally())
    for minute, own in groupby(posts, key=lambda post: post.at // MINUTE):
        tally = Tally()
        for post in own:
            outcome.late_seconds = max(outcome.late_seconds, pace.wait(post.at))
            answer = client.deliver(post)
            tally.add(post, answer)
            outcome.total.add(post, answer)
        if not quiet:
            _print(minute, tally)
    return outcome


def _print(minute: int, tally: Tally) -> None:
    click.echo(f"{to_the_second(minute * MINUTE)}  {tally}")
    for each in tally.wrong:
        click.echo(f"  encounter {each['encounter']}, row {each['row']}, {each['column']}: {each['reason']}")


def to_the_second(at: int) -> str:
    """Write a moment, in microseconds, in UTC."""
    return f"{utc(at)[:19]}Z"


def summary(outcome: Outcome, client: Client | Gateway) -> dict[str, Any]:
    """Return what came of a play, as one object."""
    total = outcome.total
    return {
        "posts": total.posts,
        "rows": total.rows,
        **{name: total.counts[name] for name in COUNTED},
        "errors": total.errors,
        "first_errors": total.wrong,
        "retried": client.retried,
        "signed_in": client.signed_in,
        "late_seconds": round(outcome.late_seconds, 1),
    }
