"""What is written as a gateway's message is read as the same observations."""

from __future__ import annotations

from hl7_messages import SOURCE
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.domain.observations import Key, Observation, Posted
from fcv_api.domain.vitals import SIGNS
from fcv_api.wire.hl7.reading import Reading, read
from fcv_api.wire.hl7.segments import messages_of
from fcv_api.wire.hl7.writing import pcd_01

AT = 1_772_378_100_250_000


def reading_of(posted: Posted, size: int = 0) -> Reading:
    (message,) = messages_of(pcd_01(posted, AT, size))
    return read(message, SOURCE, allow_test=False)


@settings(deadline=None)
@given(
    st.sampled_from(SIGNS),
    st.integers(1, 300_000).map(lambda hundredths: hundredths / 100),
    st.sampled_from(["F", "C"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters='"'), max_size=20),
)
def test_what_is_written_is_what_is_read(sign: object, value: float, status: str, text: str) -> None:
    assert isinstance(sign, type(SIGNS[0]))
    usable = min(max(value, sign.limits.hard[0] + 1), sign.limits.hard[1])
    own = Observation(Key(sign.code, AT - 1_000_000, text, sign.name), status, usable, sign.unit.name, "", "B1")
    (group,) = reading_of(Posted(77, [own])).groups
    assert group.identifier is not None
    assert group.identifier.value == "77"
    assert [row.observation for row in group.rows] == [own._replace(bed="^^B1")]


def test_a_deletion_is_one_and_a_message_is_filled_up() -> None:
    gone = Observation(Key(147842, AT, "1.1", "MDC_ECG_HEART_RATE"), "D", None)
    reading = reading_of(Posted(77, [gone]), 129)
    assert reading.sent_at == AT
    assert [row.observation.sent(0).status for group in reading.groups for row in group.rows] == ["D"]
    assert [drop.reason for drop in reading.dropped] == ["other-sign"] * 128
