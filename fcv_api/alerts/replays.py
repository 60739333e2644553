"""What a policy would have made of old records: the same code as of new ones, so the same events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fcv_api.alerts.assessments import Stream, assessment_of, stream_of
from fcv_api.domain.alerting import QUIET, Course, Step, follow
from fcv_api.domain.policy import Assessment, Policy
from fcv_api.ledger.record import Record


class Replayed(NamedTuple):
    """One record, as the policy read it, and what it made of it."""

    record: Record
    assessment: Assessment
    step: Step


def replay(records: Iterable[Record], policy: Policy, model_sha256: str | None) -> Iterator[Replayed]:
    """Yield what becomes of records, in their order. Test sources are left out. model_sha256: whose scores count."""
    courses: dict[Stream, Course] = defaultdict(lambda: QUIET)
    for record in records:
        assessment = assessment_of(record, model_sha256)
        if assessment is None:
            continue
        stream = stream_of(record)
        step = follow(policy, courses[stream], assessment)
        if step.course is not QUIET:
            courses[stream] = step.course
        yield Replayed(record, assessment, step)
