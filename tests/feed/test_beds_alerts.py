"""An alert of a bed: shown while it holds, also where the bed is not scored."""

from __future__ import annotations

import pytest
from conftest import BOTH_DATABASES
from fed import FEED, fill
from force import enforce
from memory import MINUTE, NOW

from fcv_api.feed.beds import now_known
from fcv_api.feed.turns import run_slot
from fcv_api.wire.beds import bed_as_wire

pytestmark = pytest.mark.usefixtures("empty_database")


@BOTH_DATABASES
def test_a_bed_shows_the_alert_that_its_turn_raised_until_the_stay_is_closed() -> None:
    enforce(model_sha256="0" * 64)
    fill(1)
    assert run_slot(FEED, NOW) == 1
    shown = [bed_as_wire(now_known(NOW + minutes * MINUTE)[0], NOW) for minutes in (1, 60, 12 * 60 + 1)]
    assert [each["status"] for each in shown] == ["scored", "silent", "closed"]
    assert shown[0]["alert"] == {
        "policy": "ours/1.0.0",
        "cause": "Bajo_gasto_cardiaco",
        "raised_at": "2024-03-03T09:30:00.000000Z",
        "new": True,
        "silenced_until": "2024-03-03T10:30:00.000000Z",
    }
    assert shown[1]["alert"] == shown[0]["alert"]
    assert "alert" not in shown[2]


def test_a_bed_without_an_active_policy_has_no_alert() -> None:
    fill(1)
    run_slot(FEED, NOW)
    assert "alert" not in bed_as_wire(now_known(NOW + MINUTE)[0], NOW)
