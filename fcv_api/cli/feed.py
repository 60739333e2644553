"""`fcv feed`: score each bed, and how that stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
import orjson

from fcv_api.app import database_app
from fcv_api.domain.instants import minute, utc
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.domain.words import counted
from fcv_api.feed import clock
from fcv_api.feed import status as found
from fcv_api.feed.clock import Doubted
from fcv_api.feed.status import Source, Turn
from fcv_api.feed.turns import database_now, slot_due
from fcv_api.settings import Settings

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Status:
    """How the feed stands. now: of the database's clock. slot: the newest that is due. Both in microseconds."""

    now: int
    slot: int
    late: int
    stays: list[Turn]
    sources: list[Source]
    doubt: Doubted | None

    @property
    def due(self) -> int:
        """How many turns are due and not recorded."""
        return sum(each.is_due for each in self.stays)


def status(*, as_json: bool) -> None:
    settings = Settings.from_environment()
    with database_app(settings).app_context():
        state = _read(settings)
    if as_json:
        click.echo(orjson.dumps(_as_json(state), option=orjson.OPT_INDENT_2))
    else:
        click.echo("\n".join(_lines(state)))


def _read(settings: Settings) -> Status:
    now, step = database_now(), step_of(WindowSpec())
    slot = slot_due(now, settings.settle_seconds, step)
    late = found.late(slot_due(now - found.LATE_AFTER, settings.settle_seconds, step), now)
    return Status(now, slot, late, found.turns(slot), found.sources(), clock.doubted(now))


def _lines(state: Status) -> Iterator[str]:
    due = f"{counted(state.due, 'turn')} due and not recorded yet, {state.late:,} of them over a minute late"
    yield f"Slot {minute(state.slot)}: {counted(len(state.stays), 'stay')}, {due}."
    if state.doubt:
        yield f"{state.doubt.detail} {state.doubt.advice}"
    for each in state.stays:
        last = minute(each.last_slot) if each.last_slot else "never"
        yield f"{each.encounter:>19}  last slot {last:<16}  {'due' if each.is_due else ''}".rstrip()
    for source in state.sources:
        counts = ", ".join(f"{name} {count:,}" for name, count in source.counters.items() if count) or "nothing yet"
        offset = "" if source.clock_offset is None else f", its clock {source.clock_offset / SECOND:+.1f} s"
        heard = f"last heard {minute(source.last_message_at)}{offset}"
        yield f"{source.name} at {source.host}: {heard}; figures of {_age(state, source):,} s ago: {counts}"


def _age(state: Status, source: Source) -> int:
    """Return how many seconds ago a source's figures were written: with the message that was last heard then."""
    return max(0, state.now - source.last_message_at) // SECOND


def _as_json(state: Status) -> dict[str, Any]:
    stays = [
        {
            "encounter": str(each.encounter),
            "last_slot": utc(each.last_slot) if each.last_slot else None,
            "due": each.is_due,
        }
        for each in state.stays
    ]
    sources = [
        {
            "name": each.name,
            "host": each.host,
            "last_message_at": utc(each.last_message_at),
            "clock_offset_seconds": None if each.clock_offset is None else each.clock_offset / SECOND,
            "figures_age_seconds": _age(state, each),
            "counters": each.counters,
        }
        for each in state.sources
    ]
    counts = {"turns_due": state.due, "turns_late": state.late}
    return {"slot": utc(state.slot), **counts, "clock": _clock(state), "stays": stays, "sources": sources}


def _clock(state: Status) -> dict[str, Any]:
    doubt = state.doubt
    said = {"shows": utc(state.now), "doubted": doubt is not None}
    if doubt is None:
        return said | dict.fromkeys(("reason", "newest_arrival", "detail", "advice"))
    newest = utc(doubt.newest_at)
    return said | {"reason": doubt.reason, "newest_arrival": newest, "detail": doubt.detail, "advice": doubt.advice}
