"""What the pages remember in a process, what they may show now, and what must be said over everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import cast

from flask import current_app

from fcv_api import activations
from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import ModelIdentity
from fcv_api.domain.slots import step_of
from fcv_api.domain.stays import MINUTE, is_of_test
from fcv_api.domain.ward_score import Model, Shows
from fcv_api.domain.window import WindowSpec
from fcv_api.feed import process, status
from fcv_api.feed.turns import slot_due
from fcv_api.web import feed_readiness
from fcv_api.web.requests import current_service
from fcv_api.web.ward.recent import Recent

SOURCE_SILENT = 3 * MINUTE
SOURCE_GONE = 7 * 24 * 60 * MINUTE
"""A source that was heard of longer ago was taken away."""
FEED_SILENT = timedelta(seconds=45)
"""Three reports missed. With the time to the next poll, the page says so within 90 seconds."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said over all beds. key: of the pages' words. time: in microseconds; 0 for none."""

    key: str
    name: str = ""
    time: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Serving:
    """The model that answers now; None for none. refused: whether a newer one was activated, and could not be taken."""

    model: ModelIdentity | None
    refused: bool = False

    @property
    def attested(self) -> Model | None:
        """The model, where a report on real patients proves it."""
        if self.model is None or not self.model.evidence.validated:
            return None
        return self.model.name, self.model.version, self.model.sha256


def serving() -> Serving:
    """Return what answers now."""
    try:
        models = current_service().models
        return Serving(models.active().identity, bool(models.problem()))
    except NoModel:
        return Serving(None)


def recent() -> Recent:
    """Return what this process knows of the record."""
    return cast("Recent", current_app.extensions.setdefault("fcv-ward-recent", Recent()))


def shows(answering: Serving) -> Shows:
    """Return what a page may show now."""
    return Shows(current_service().ward.scores, answering.attested)


def notices(answering: Serving, now: int) -> list[Notice]:
    """Return what is said over all beds, the gravest first: it is so of each of them."""
    found = [Notice("no_model")] if answering.model is None else []
    found += [Notice("model_refused")] if answering.refused else []
    found += _of_feed(now) if current_service().feed else []
    if answering.model is not None and current_service().ward.scores and answering.attested is None:
        found.append(Notice("no_attested"))
    return found if current_service().ward.scores else [*found, Notice("only_warnings")]


def _of_feed(now: int) -> list[Notice]:
    found = []
    if not is_feed_alive() and monotonic() - feed_readiness.BEGAN > feed_readiness.SECONDS_TO_START:
        found.append(Notice("feed_silent"))
    slot = slot_due(now - status.LATE_AFTER, current_service().settle_seconds, step_of(WindowSpec()))
    if late := status.late(slot, now):
        found.append(Notice("feed_late", count=late))
    return [*found, *(Notice("source_silent", name, at) for name, at in silent_sources(now))]


def is_feed_alive() -> bool:
    """Return whether anything that scores beds has reported lately."""
    since = datetime.now(UTC) - FEED_SILENT
    reports = [each.seen_at for each in activations.workers() if process.is_feed(each.host) and each.seen_at]
    return any((at if at.tzinfo else at.replace(tzinfo=UTC)) >= since for at in reports)


def silent_sources(now: int) -> list[tuple[str, int]]:
    """Return the sources that have been silent for three minutes, on every host, and since when. Tests may be."""
    heard: dict[str, int] = {}
    for source in (each for each in status.sources() if not is_of_test(each.name)):
        heard[source.name] = max(heard.get(source.name, 0), source.last_message_at)
    return [(name, at) for name, at in sorted(heard.items()) if SOURCE_SILENT <= now - at < SOURCE_GONE]
