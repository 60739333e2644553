"""Which tokens machines have, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import BOTH_DATABASES

from fcv_api.accounts import issued_tokens
from fcv_api.accounts.issued_tokens import MachineToken

pytestmark = [pytest.mark.usefixtures("app"), BOTH_DATABASES]
NOW = datetime.now(UTC)


def keep(jti: str, days: int, made_at: datetime = NOW) -> None:
    issued_tokens.keep(
        MachineToken(jti=jti, user_id=1, generation=0, made_at=made_at, expires_at=NOW + timedelta(days=days))
    )


def test_tokens_are_given_by_age_and_say_which_were_ended() -> None:
    keep("younger", 5)
    keep("older", 10, NOW - timedelta(days=1))
    issued_tokens.revoke("younger", NOW + timedelta(days=5))
    assert [(each.jti, each.ended) for each in issued_tokens.of_machines()] == [("older", False), ("younger", True)]


def test_a_token_that_expired_is_forgotten_with_the_next_one() -> None:
    keep("dead", -3)
    assert [each.jti for each in issued_tokens.of_machines()] == ["dead"]
    keep("alive", 1)
    assert [each.jti for each in issued_tokens.of_machines()] == ["alive"]


def test_an_ended_token_is_not_forgotten_by_a_clock_that_is_a_day_ahead() -> None:
    keep("ended", -1)
    issued_tokens.revoke("ended", NOW - timedelta(days=1))
    issued_tokens.revoke("another", NOW + timedelta(days=1))
    assert [each.ended for each in issued_tokens.of_machines()] == [True]
