"""What a player writes is what the service reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from fcv_api.domain.observations import Key, Observation, Posted, Statement
from fcv_api.wire.observation_body import body_of
from fcv_api.wire.observations import ObservationsSchema

AT = 1_709_458_200_000_000
BEATS = "MDC_DIM_BEAT_PER_MIN"
SAID = (
    Observation(Key(147842, AT + 41_500_000, "1.1.2.1", "MDC_ECG_HEART_RATE"), "F", 84.0, BEATS, "", "B1"),
    Observation(Key(147842, AT, "", "MDC_ECG_CARD_BEAT_RATE"), "C", 81.0, BEATS, "", "B1"),
    Observation(Key(150344, AT + 1, "", "MDC_TEMP"), "D", None),
)


def stated(posted: Sequence[Posted]) -> list[tuple[int, Key, Statement, str]]:
    return [(own.encounter, each.key, each.sent(AT), each.bed) for own in posted for each in own.observations]


def test_each_observation_is_read_as_it_was_written() -> None:
    posted = [Posted(5501, SAID[:2]), Posted(2**63 - 1, SAID[2:])]
    read = ObservationsSchema().load(body_of(posted)).observations(ZoneInfo("America/Bogota"))
    assert stated(read.posted) == stated(posted)
    assert not read.wrong


def test_times_are_in_utc_and_say_so() -> None:
    times = body_of([Posted(1, SAID)])["fecRegistro"]
    assert list(times.values()) == [
        "2024-03-03T09:30:41.500000Z",
        "2024-03-03T09:30:00.000000Z",
        "2024-03-03T09:30:00.000001Z",
    ]
    assert ObservationsSchema().load(body_of([Posted(1, SAID)])).observations(UTC).posted
