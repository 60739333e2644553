"""`fcv doctor`: whether the memory of beds is filled and scored, and its key kept."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from fcv_api import activations
from fcv_api.cli.doctor.database import can_be_asked
from fcv_api.cli.doctor.finding import OK, WARNING, Finding, Place
from fcv_api.domain.slots import step_of
from fcv_api.domain.stays import CLOSED_AFTER, MINUTE, SILENT_AFTER
from fcv_api.domain.window import WindowSpec
from fcv_api.domain.words import counted
from fcv_api.feed import clock, process, status
from fcv_api.feed.status import Source
from fcv_api.feed.turns import database_now, slot_due
from fcv_api.settings import ROOT, Settings

APART = MINUTE
"""Of a source's clock. Rows over two minutes ahead are refused."""
START = "Start `fcv feed run` on each host: docs/feed.md says how. Where it runs, app.log says why it ends."
LATE = "See app.log for lines of `feed:`, and `fcv feed status`; the newest slot alone is scored once it runs again."
SILENT = "Look at the monitors, their gateway, and what sends."
SET_CLOCK = "Let the source's clock follow the LAN's time server: its times are taken as they are."
KEEP = (
    "Keep a copy where the backups are, apart from the database: with another one, each patient is another encounter."
)
MADE = ROOT / "instance" / "pseudonym_key"


def check_feed(place: Place) -> Iterator[Finding]:
    """Look at the key of pseudonyms, the clock, the processes that score, late turns and silent sources."""
    settings = place.settings
    if settings.feed == "off":
        yield Finding("feed", OK, "FCV_FEED is off: observations are not kept, and no bed is scored by itself.")
        return
    yield from _key(settings)
    if not can_be_asked(settings):
        return
    try:
        now = database_now()
        if doubt := clock.doubted(now):
            yield Finding("feed", WARNING if doubt.is_new else OK, doubt.detail, doubt.advice)
        yield from _turns(settings, now)
        yield from _sources(now)
    except SQLAlchemyError:
        return  # the check of the database says it


def _key(settings: Settings) -> Iterator[Finding]:
    file = settings.pseudonym_key_file or MADE
    if not file.exists():
        yield Finding("feed", OK, f"{file}, the key of pseudonyms, is made when a real identifier comes first.")
        return
    mode = file.stat().st_mode & 0o777
    if not settings.pseudonym_key_file:
        detail = f"The key of pseudonyms is development's own, {file}."
        yield Finding("feed", WARNING, detail, "Set FCV_PSEUDONYM_KEY_FILE before real patients are fed.")
    else:
        yield Finding("feed", OK, f"The key of pseudonyms is {file} (mode {mode:04o}). {KEEP}")


def _turns(settings: Settings, now: int) -> Iterator[Finding]:
    slot = slot_due(now - status.LATE_AFTER, settings.settle_seconds, step_of(WindowSpec()))
    late = status.late(slot, now)
    hosts = [f"{each.host}:{each.pid}" for each in activations.workers() if process.is_feed(each.host)]
    if not hosts:
        yield Finding("feed", WARNING, "Nothing scores the beds: no process has reported in the last 60 s.", START)
    else:
        yield Finding("feed", OK, f"{', '.join(hosts)} scores the beds.")
    if late:
        yield Finding("feed", WARNING, status.late_in_words(late), LATE)


def _sources(now: int) -> Iterator[Finding]:
    """Look at the sources of the last 12 hours, each as the host that heard it last."""
    newest: dict[str, Source] = {}
    for each in status.sources():
        if each.name not in newest or each.last_message_at > newest[each.name].last_message_at:
            newest[each.name] = each
    for name, source in newest.items():
        silent = now - source.last_message_at
        if SILENT_AFTER <= silent < CLOSED_AFTER:
            minutes = counted(silent // MINUTE, "minute")
            yield Finding("feed", WARNING, f"{name} has sent nothing for {minutes}.", SILENT)
        if source.clock_offset is not None and abs(source.clock_offset) > APART:
            detail = f"The clock of {name} is {source.clock_offset / 1e6:+,.0f} s from this service's."
            yield Finding("feed", WARNING, detail, SET_CLOCK)
