"""A thousand spoilt messages: read, stored, answered, and nothing of them in any log, counter or error."""

from __future__ import annotations

import logging
import random
import sys

import pytest
from gateways import live, site_of, source
from hl7_mutations import attack, spoilt
from memory import rows

from fcv_api.feed import store
from fcv_api.mllp.answers import Waiting, answered

MARKS = ("Zacarias", "Quijano", "4711", "Sala-9", "nota libre")


def test_spoilt_messages_stop_nothing_and_give_nobody_another_s_rows() -> None:
    answers = attack(1_000)
    assert answers["AA"] > 400
    assert answers["AR"] > 50


@pytest.mark.usefixtures("empty_database")
def test_nothing_of_a_message_is_in_a_log_a_counter_or_an_error(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = live(patient="PID|||Zacarias-4711^^^H^MR||Quijano^Zacarias\rPV1||I|Sala-9||||||||||||||||4711")
    own += b"NTE|1||nota libre\rOBX|2|NM|150344^MDC_TEMP^MDC|Quijano|Zacarias|4711^Quijano\r"
    dice, site = random.Random(3), site_of()
    with caplog.at_level(logging.DEBUG):
        for _ in range(150):
            assert answered([Waiting(spoilt(dice, [own]), source(site), print)], site)
        monkeypatch.setattr(store, "store_all", _fails)
        for _ in range(5):
            answered([Waiting(own, source(site), print), Waiting(b"Quijano", None, print)], site)
        monkeypatch.undo()
    written = caplog.text + "".join(capfd.readouterr())
    kept = str(rows("SELECT * FROM feed_sources")) + str(rows("SELECT id, source FROM stays"))
    assert rows("SELECT COUNT(*) FROM stays")[0][0] > 0
    assert [mark for mark in MARKS if mark in written or mark in kept] == []
    assert "a message could not be stored" in written


def _fails(*given: object) -> None:
    raise RuntimeError("Zacarias Quijano", given, sys.argv)
