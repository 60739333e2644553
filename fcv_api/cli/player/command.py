"""What `fcv simulate --feed` does: signs in, plays, and says what came of it."""

from __future__ import annotations

import os
from contextlib import closing
from time import monotonic, time_ns

import click
import orjson

from fcv_api.cli.commands.play_options import Played
from fcv_api.cli.player.client import Client
from fcv_api.cli.player.gateway import Gateway
from fcv_api.cli.player.play import Pace, play, summary, to_the_second
from fcv_api.domain.arrivals import FUTURE
from fcv_api.training.bedside import MINUTE, SECOND
from fcv_api.training.gateway import Faults, Play, ward
from fcv_api.training.simulate import first_id, simulate


def feed(seed: int, artefacts: float, given: Played) -> None:
    """Play stays into a service. Ends with 1 where the service called a row wrong. Raises click's errors."""
    now, first = time_ns() // 1000, first_id(seed) if given.first_encounter is None else given.first_encounter
    own = Play(_start(given, now), given.minutes, seed, Faults(**given.shares), given.channel, given.bed)
    span = {
        "first_encounter": first,
        "from": to_the_second(own.start),
        "until": to_the_second(own.start + own.minutes * MINUTE),
    }
    if not given.as_json:
        click.echo("{beds} beds, encounters from {first_encounter}, {from} to {until}.".format(beds=given.beds, **span))
    posts = ward(simulate(given.beds, seed, first, artefacts), own)
    with closing(_sender(given)) as client:
        outcome = play(posts, client, Pace(own.start, given.speed, monotonic()), quiet=given.as_json)
    if given.as_json:
        click.echo(orjson.dumps(span | summary(outcome, client)))
    else:
        behind = f"{outcome.late_seconds:.1f} s behind at most"
        click.echo(f"In all {outcome.total}. Sent again {client.retried} times; {behind}.")
    if outcome.total.errors:
        raise click.exceptions.Exit(1)


def _sender(given: Played) -> Client | Gateway:
    """Return what sends: a client of the service, or a gateway. Raises BadParameter."""
    if given.hl7:
        return Gateway(given.hl7, given.obx)
    if not given.url:
        raise click.BadParameter("needs a service's address, or --hl7 HOST:PORT.", param_hint="--feed")
    return Client(given.url, _account(given), given.ca)


def _start(given: Played, now: int) -> int:
    """Return when the stays begin, in microseconds: so that at their pace the last minute is played when it is over.

    In real time that is now. Faster, it lies as far back as the play gains on the clock. Raises BadParameter where
    observations would lie in the future, which the service refuses.
    """
    lasts = round(given.minutes * MINUTE / given.speed)
    until = now + lasts if given.until is None else round(given.until.timestamp() * SECOND)
    if until > now + lasts + FUTURE:
        raise click.BadParameter(
            "observations would lie in the future, which the service refuses.", param_hint="--until"
        )
    return (until - given.minutes * MINUTE) // SECOND * SECOND


def _account(given: Played) -> tuple[str, str]:
    """Return the account's name and password, asked for where nothing gives them."""
    name = given.user or str(click.prompt("User", err=True))
    if given.password_file is not None:
        return name, str(given.password_file.read()).rstrip("\r\n")
    return name, os.environ.get("MLAPI_PASSWORD") or str(click.prompt("Password", hide_input=True, err=True))
