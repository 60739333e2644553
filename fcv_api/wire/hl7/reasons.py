"""Why what a message holds is no row: codes that are shown, counted by source, and tabled in docs/hl7.md."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Of one OBX, of a patient's group, or of a whole message."""

    OTHER_SIGN = "other-sign"
    VENDOR_CODE = "vendor-code"
    CODE_AND_NAME = "code-and-name-disagree"
    NOT_MEASURED = "not-measured"
    NO_RESULT = "no-result"
    SETTING = "setting"
    SENTINEL = "sentinel"
    NOT_ENTERED = "not-entered"
    NO_VALUE = "no-value"
    NOT_A_NUMBER = "not-a-number"
    WRONG_UNIT = "wrong-unit"
    UNIT_MISSING = "unit-missing"
    NO_TIME = "no-time"
    UNREADABLE_TIME = "unreadable-time"
    AMBIGUOUS_TIME = "ambiguous-time"
    NO_ENCOUNTER = "no-encounter"

    OUTSIDE_LIMITS = "outside-limits"
    OTHER_NAME = "other-name"
    OTHER_CHANNEL = "other-channel"
    REPLACED = "replaced"
    DELETES = "deletes"

    NO_HEADER = "no-header"
    NO_CONTROL_ID = "no-control-id"
    NOT_PRODUCTION = "not-production"
    OTHER_TYPE = "other-type"
    NOT_FOR_ROWS = "not-for-rows"
    UNREADABLE = "unreadable"
    UNLISTED = "unlisted-source"
    TEST_SOURCE = "test-source-off"


class Drop(NamedTuple):
    """Something that is no row. where: `message`, a patient's group by its number, or an OBX by its own."""

    where: str
    reason: Reason
