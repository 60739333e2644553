"""What the database says at a scrape: the record, the models in force, turns, sources and alerts."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from fcv_api import activations
from fcv_api.alerts import query as alerts
from fcv_api.domain.slots import step_of
from fcv_api.domain.window import WindowSpec
from fcv_api.feed import clock, process, status
from fcv_api.feed.status import Source
from fcv_api.feed.turns import database_now, slot_due
from fcv_api.ledger.size import size
from fcv_api.metrics import slots

SECOND = 1_000_000
HOUR, DAY = 3_600 * SECOND, 24 * 3_600 * SECOND
MESSAGES, ANSWERS, ROWS = "messages", ("AA", "AE", "AR"), ("new", "same", "replaced", "deleted")
"""What is counted of a source beside what was dropped, and why."""


@dataclass(frozen=True, slots=True)
class About:
    """What a reader of the database knows of the service. folder: of its workers' counts."""

    feed: bool
    settle_seconds: int
    folder: Path


def read(about: About) -> Iterator[Metric]:
    """Read all of it, within an app's context. Raises SQLAlchemyError."""
    yield from _record()
    yield from _models(about)
    yield from _alerts()
    if about.feed:
        yield from _turns(about)
        yield from _sources(status.sources(), time_ns() // 1000)


def _record() -> Iterator[Metric]:
    found = size()
    yield GaugeMetricFamily("fcv_ledger_records", "Records that are kept.", found.records)
    yield GaugeMetricFamily("fcv_ledger_unpublished_records", "Records since the last head.", found.unpublished)
    yield GaugeMetricFamily("fcv_database_bytes", "Size of the database.", found.bytes)
    if found.head_at:
        age = (datetime.now(UTC) - found.head_at).total_seconds()
        yield GaugeMetricFamily("fcv_ledger_head_age_seconds", "Age of the last head in heads.log.", age)


def _models(about: About) -> Iterator[Metric]:
    """Yield what each process of this host says that it serves."""
    labels = ("process", "slot", "model", "sha256")
    model = GaugeMetricFamily("fcv_worker_model", "1 for the model that a process serves.", labels=labels)
    slot_of = {process: slot for slot, process in slots.holders(about.folder).items()}
    failed = GaugeMetricFamily("fcv_worker_activation_failed", "1 where an activation failed.", labels=labels[:2])
    for each in activations.workers():
        if not process.is_here(each.host):
            continue
        kind = "feed" if process.is_feed(each.host) else "web"
        slot = "" if kind == "feed" else str(slot_of.get(each.pid, ""))
        model.add_metric((kind, slot, f"{each.name}/{each.version}", each.sha256[:12]), 1)
        failed.add_metric((kind, slot), bool(each.problem))
    yield from (model, failed)


def _alerts() -> Iterator[Metric]:
    found = alerts.count(time_ns() // 1000 - HOUR)
    holding = GaugeMetricFamily("fcv_alerts_holding", "Alerts that hold.", labels=("seen",))
    for seen in (False, True):
        holding.add_metric((str(seen).lower(),), found.holding[seen])
    yield holding
    yield GaugeMetricFamily("fcv_alerts_raised_last_hour", "Alerts raised in the last hour.", found.raised)
    policy = GaugeMetricFamily("fcv_policy_in_force", "1 for the policy in force.", labels=("policy",))
    if found.policy:
        policy.add_metric((found.policy,), 1)
    yield policy


def _turns(about: About) -> Iterator[Metric]:
    now, step = database_now(), step_of(WindowSpec())
    slot = slot_due(now, about.settle_seconds, step)
    turns = status.turns(slot)
    due = sum(each.is_due for each in turns)
    late = status.late(slot_due(now - status.LATE_AFTER, about.settle_seconds, step), now)
    waiting = (now - slot) / SECOND - about.settle_seconds if due else 0.0
    newest = max((each.last_slot for each in turns), default=0)
    yield GaugeMetricFamily("fcv_turns_due", "Turns due and not recorded.", due)
    yield GaugeMetricFamily("fcv_turns_late", "Turns over a minute late.", late)
    yield GaugeMetricFamily("fcv_turns_queue_age_seconds", "Seconds for which turns of this slot wait.", waiting)
    if newest:
        age = (now - newest) / SECOND
        yield GaugeMetricFamily("fcv_turns_last_slot_age_seconds", "Age of the newest slot with a turn.", age)
    doubted = clock.doubted(now) is not None
    yield GaugeMetricFamily("fcv_feed_clock_doubted", "1 while the clock is doubted.", doubted)


def _sources(known: list[Source], now: int) -> Iterator[Metric]:
    """Yield what this host counted of each source, and when any host heard it, where that was in the last day."""
    labels = ("source",)
    heard = GaugeMetricFamily("fcv_feed_source_age_seconds", "Seconds since a source was heard.", labels=labels)
    offset = GaugeMetricFamily("fcv_feed_clock_offset_seconds", "By which its clock is ahead.", labels=labels)
    newest: dict[str, Source] = {}
    for each in sorted(known, key=lambda each: each.last_message_at):
        newest[name_of(each)] = each
    for name, each in newest.items():
        if now - each.last_message_at < DAY:
            heard.add_metric((name,), (now - each.last_message_at) / SECOND)
            if each.clock_offset is not None:
                offset.add_metric((name,), each.clock_offset / SECOND)
    yield from (heard, offset, *_counted(each for each in known if each.host == socket.gethostname()))


def _counted(own: Iterator[Source]) -> Iterator[Metric]:
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for source in own:
        for what, count in source.counters.items():
            totals[name_of(source), what] += count
    messages = CounterMetricFamily("fcv_feed_messages", "Messages of a source.", labels=("source",))
    answers = CounterMetricFamily("fcv_feed_answers", "Acknowledgements.", labels=("source", "answer"))
    rows = CounterMetricFamily("fcv_feed_rows", "Observations of a source.", labels=("source", "kind"))
    dropped = CounterMetricFamily("fcv_feed_dropped", "What was no row, and why.", labels=("source", "reason"))
    for (name, what), total in totals.items():
        if what == MESSAGES:
            messages.add_metric((name,), total)
        else:
            family = answers if what in ANSWERS else rows if what in ROWS else dropped
            family.add_metric((name, what), total)
    yield from (messages, answers, rows, dropped)


def name_of(source: Source) -> str:
    """Return a source's name; of one that is an account, only its kind: no user is named here."""
    kind, colon, name = source.name.partition(":")
    return f"test:{name.partition(':')[0]}" if kind == "test" else kind if colon else source.name
