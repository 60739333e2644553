"""What a policy makes of a stay's assessments, one after the other: alerts that are raised, held and ended.

Pure, and the same for a bed as it is scored and for a record or an export of one: so that a simulation is what a ward
would have heard, event for event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fcv_api.domain.policy import SEVERITY, Assessment, Policy, is_critical

RAISED, HELD, ENDED = "raised", "held", "ended"
"""Kinds of events. HELD: a cause is there again, and silence keeps it from being raised."""


class Event(NamedTuple):
    """Something that becomes of a cause. at: in microseconds, UTC."""

    kind: str
    cause: str
    at: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Where one cause stands. raised_at: when it was raised last, or the worse class that covers it."""

    raised_at: int
    holds: bool


@dataclass(frozen=True, slots=True)
class Course:
    """Where one stay stands. newest: when its newest assessment with, or at the end of, a cause was."""

    newest: int | None = None
    causes: Mapping[str, Cause] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """What an answer says while an alert holds. new: it was raised by this very assessment. Times in microseconds."""

    policy: str
    cause: str
    raised_at: int
    new: bool
    silenced_until: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one assessment makes of a stay. alert: the foremost of those that hold by it."""

    course: Course
    events: tuple[Event, ...] = ()
    alert: Alert | None = None


QUIET = Course()


def follow(policy: Policy, course: Course, assessment: Assessment) -> Step:
    """Return what an assessment makes of a stay.

    A refusal changes nothing: nothing was scored, so nobody knows that the danger is over. Nor does an assessment that
    is older than the newest one with a cause: what came later is known already.
    """
    late = course.newest is not None and assessment.at < course.newest
    if assessment.refused or late:
        return Step(course)
    present = tuple(policy.causes(assessment))
    if not present and not any(each.holds for each in course.causes.values()):
        return Step(course)
    causes, events = dict(course.causes), list[Event]()
    for cause in present:
        events += _meet(policy, causes, cause, assessment.at)
    for cause, state in sorted(course.causes.items()):  # in an order that no table changes
        if state.holds and cause not in present and _is_judged(cause, assessment):
            causes[cause] = Cause(state.raised_at, holds=False)
            events.append(Event(ENDED, cause, assessment.at))
    following = Course(assessment.at, causes)
    return Step(following, tuple(events), foremost(alerts_of(policy, following, present)))


def alerts_over(policy: Policy, assessments: Iterable[Assessment]) -> Iterator[Alert | None]:
    """Yield what each answer of one stay would say, from its first assessment on."""
    course = QUIET
    for each in assessments:
        step = follow(policy, course, each)
        course = step.course
        yield step.alert


def _meet(policy: Policy, causes: dict[str, Cause], cause: str, at: int) -> Iterator[Event]:
    """Raise a cause that is there, unless it is silent, and yield what becomes of it."""
    known = causes.get(cause)
    raised_at = _covered_since(causes, cause)
    if raised_at is None or at >= raised_at + policy.silence:
        causes[cause] = Cause(at, holds=True)
        yield Event(RAISED, cause, at)
    else:
        causes[cause] = Cause(raised_at, holds=True)
        if known is None or not known.holds:
            yield Event(HELD, cause, at)


def _covered_since(causes: Mapping[str, Cause], cause: str) -> int | None:
    """Return since when a silence covers a cause; None for none.

    A class is covered by its own silence and by that of a worse class, never by that of a lesser one. A warning is
    covered by its own alone; one of a danger to life only as long as it holds, so that a new danger is always heard.
    """
    if cause in SEVERITY:
        worse = (state.raised_at for name, state in causes.items() if SEVERITY.get(name, 9) <= SEVERITY[cause])
        return max(worse, default=None)
    known = causes.get(cause)
    if known is None or (is_critical(cause) and not known.holds):
        return None
    return known.raised_at


def _is_judged(cause: str, assessment: Assessment) -> bool:
    """Return whether an assessment says whether a cause is there: a class needs a score that counts."""
    return cause not in SEVERITY or assessment.probabilities is not None


def alerts_of(policy: Policy, course: Course, causes: Iterable[str]) -> Iterator[Alert]:
    """Yield the alerts of some causes that hold."""
    for cause in causes:
        state = course.causes[cause]
        new = state.raised_at == course.newest
        yield Alert(str(policy), cause, state.raised_at, new, state.raised_at + policy.silence)


def foremost(alerts: Iterable[Alert]) -> Alert | None:
    """Return the alert to show of several: a new one first, then a danger to life, a worse class, other warnings."""
    return min(alerts, key=_order, default=None)


def _order(alert: Alert) -> tuple[bool, int, int, str]:
    kind = 0 if is_critical(alert.cause) else 1 if alert.cause in SEVERITY else 2
    return not alert.new, kind, SEVERITY.get(alert.cause, 0), alert.cause
