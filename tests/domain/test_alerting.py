"""Alerts over a stay: what is raised, held and ended, and what no silence covers."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from test_policy import probabilities

from fcv_api.domain.alerting import ENDED, HELD, QUIET, RAISED, Alert, Event, follow
from fcv_api.domain.policy import MINUTE, SEVERITY, Assessment, Policy, is_critical

POLICY = Policy("ours", "1", 60, ("critical_value", "asystole", "trend"), 0.3)
ARREST, SHOCK, LOW = SEVERITY
HEART, PULSE = "critical_value:MDC_ECG_HEART_RATE", "critical_value:MDC_PULS_OXIM_PULS_RATE"
ILL = {ARREST: probabilities(0.5), SHOCK: probabilities(0, 0.5), LOW: probabilities(0, 0, 0.5)}


def seen(minute: int, *causes: str) -> Assessment:
    """Return an assessment in which just these causes are there."""
    classes = [ILL[cause] for cause in causes if cause in SEVERITY]
    warnings = [tuple(cause.split(":")) for cause in causes if cause not in SEVERITY]
    return Assessment(minute * MINUTE, classes[0] if classes else probabilities(), warnings)  # type: ignore[arg-type]


def refused(minute: int) -> Assessment:
    return Assessment(minute * MINUTE, None, (), refused=True)


def told(
    assessments: Sequence[Assessment], policy: Policy = POLICY
) -> tuple[list[tuple[int, str, str]], list[Alert | None]]:
    """Return a stay's events, by minute, and what each answer says."""
    course, events, alerts = QUIET, list[Event](), []
    for each in assessments:
        step = follow(policy, course, each)
        course, events = step.course, [*events, *step.events]
        alerts.append(step.alert)
    return [(each.at // MINUTE, each.kind, each.cause) for each in events], alerts


def test_a_cause_is_raised_once_held_in_silence_and_raised_again_after_it() -> None:
    events, alerts = told([seen(minute, SHOCK) for minute in range(0, 121, 5)])
    assert events == [(0, RAISED, SHOCK), (60, RAISED, SHOCK), (120, RAISED, SHOCK)]
    assert [each.new for each in alerts if each] == [minute % 60 == 0 for minute in range(0, 121, 5)]
    assert alerts[13] == Alert("ours/1", SHOCK, 60 * MINUTE, new=False, silenced_until=120 * MINUTE)


def test_a_cause_that_comes_back_in_its_silence_is_held_and_not_new() -> None:
    events, alerts = told([seen(0, LOW), seen(5), seen(10, LOW), seen(15), seen(60, LOW)])
    assert events == [(0, RAISED, LOW), (5, ENDED, LOW), (10, HELD, LOW), (15, ENDED, LOW), (60, RAISED, LOW)]
    assert [each and (each.raised_at // MINUTE, each.new) for each in alerts] == [
        (0, True),
        None,
        (0, False),
        None,
        (60, True),
    ]


def test_silence_covers_a_lesser_class_and_never_a_worse_one() -> None:
    events, alerts = told([seen(0, SHOCK), seen(5, LOW), seen(10, ARREST), seen(15, SHOCK)])
    assert [each for each in events if each[1] != ENDED] == [
        (0, RAISED, SHOCK),
        (5, HELD, LOW),
        (10, RAISED, ARREST),
        (15, HELD, SHOCK),
    ]
    assert alerts[3] == Alert("ours/1", SHOCK, 10 * MINUTE, new=False, silenced_until=70 * MINUTE)


def test_a_critical_value_is_heard_in_every_silence_also_when_it_comes_anew() -> None:
    events, _ = told([seen(0, ARREST, HEART), seen(5, ARREST, PULSE), seen(10, HEART), seen(15, HEART)])
    assert [each for each in events if each[1] == RAISED] == [
        (0, RAISED, HEART),
        (0, RAISED, ARREST),
        (5, RAISED, PULSE),
        (10, RAISED, HEART),
    ]


def test_another_warning_keeps_its_own_silence() -> None:
    events, _ = told(
        [seen(0, "trend:MDC_TEMP"), seen(5), seen(10, "trend:MDC_TEMP"), seen(15, "trend:MDC_ECG_HEART_RATE")]
    )
    assert [kind for _, kind, _ in events] == [RAISED, ENDED, HELD, RAISED, ENDED]


def test_the_answer_shows_what_is_new_first_then_a_danger_then_the_worse_class() -> None:
    _, alerts = told(
        [seen(0, SHOCK, "trend:MDC_TEMP"), seen(5, SHOCK, HEART), seen(10, ARREST, HEART), seen(15, ARREST, HEART)]
    )
    assert [each.cause for each in alerts if each] == [SHOCK, HEART, ARREST, HEART]


def test_a_refusal_neither_ends_nor_raises() -> None:
    events, alerts = told([seen(0, HEART), refused(5), seen(10, HEART), seen(15)])
    assert events == [(0, RAISED, HEART), (15, ENDED, HEART)]
    assert alerts[1] is None


def test_an_older_window_than_the_newest_that_alerted_changes_nothing() -> None:
    events, alerts = told([seen(30, SHOCK), seen(25), seen(10, ARREST), seen(35)])
    assert events == [(30, RAISED, SHOCK), (35, ENDED, SHOCK)]
    assert alerts[1:] == [None, None, None]


def test_a_score_of_another_model_does_not_end_a_class() -> None:
    other = Assessment(5 * MINUTE, None, (("asystole", "MDC_ECG_HEART_RATE"),))
    events, _ = told([seen(0, SHOCK), other, seen(10)])
    assert [(kind, cause) for _, kind, cause in events] == [
        (RAISED, SHOCK),
        (RAISED, "asystole:MDC_ECG_HEART_RATE"),
        (ENDED, "asystole:MDC_ECG_HEART_RATE"),
        (ENDED, SHOCK),
    ]


# A naive computation: at each assessment, all that came before is read anew.


def naive(assessments: Sequence[Assessment], policy: Policy) -> list[tuple[int, str, str]]:
    """Return the events, each by its definition over the whole past."""
    kept = list[tuple[Assessment, set[str]]]()
    for each in assessments:
        causes = set(policy.causes(each)) if not each.refused else set()
        if each.refused or any(
            other.at > each.at and (own or before(kept, place)) for place, (other, own) in enumerate(kept)
        ):
            continue
        kept.append((each, causes))
    events = list[tuple[int, str, str]]()
    for place, (each, causes) in enumerate(kept):
        earlier = before(kept, place)
        for cause in causes:
            rung = [
                at for at, kind, other in events if kind == RAISED and covers(other, cause) and at * MINUTE <= each.at
            ]
            fresh = is_critical(cause) and cause not in earlier
            silent = rung and each.at < max(rung) * MINUTE + policy.silence and not fresh
            if not silent:
                events.append((each.at // MINUTE, RAISED, cause))
            elif cause not in earlier:
                events.append((each.at // MINUTE, HELD, cause))
        events += [(each.at // MINUTE, ENDED, cause) for cause in earlier - causes]
    return events


def before(kept: Sequence[tuple[Assessment, set[str]]], place: int) -> set[str]:
    """Return what was there at the assessment before."""
    return kept[place - 1][1] if place else set()


def covers(rung: str, cause: str) -> bool:
    """Return whether the silence of one cause covers another."""
    return rung == cause or (rung in SEVERITY and cause in SEVERITY and SEVERITY[rung] < SEVERITY[cause])


ANY = st.one_of(
    st.builds(refused, st.integers(0, 200)),
    st.builds(
        lambda minute, state, raw: seen(minute, *raw, *([state] if state else [])),
        st.integers(0, 200),
        st.sampled_from([None, *SEVERITY]),
        st.sets(st.sampled_from([HEART, PULSE, "trend:MDC_TEMP"])),
    ),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(ANY, max_size=40), st.booleans(), st.sampled_from([5, 20, 60]))
def test_the_events_are_those_of_a_naive_computation(stay: list[Assessment], ordered: bool, silence: int) -> None:  # noqa: FBT001
    policy = Policy("ours", "1", silence, POLICY.warnings, POLICY.threshold)
    given_order = sorted(stay, key=lambda each: each.at) if ordered else stay
    assert sorted(told(given_order, policy)[0]) == sorted(naive(given_order, policy))
