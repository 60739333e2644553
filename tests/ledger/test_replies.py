"""Answers kept for a retry: one a user and key, with its records or not at all, and for a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from conftest import BOTH_DATABASES
from recorded import PREDICTION
from sqlalchemy import func, select, update

from fcv_api.extensions import read_transaction, write_transaction
from fcv_api.extensions.cursors import write_cursor
from fcv_api.ledger import query, replies
from fcv_api.ledger.query import Wanted
from fcv_api.ledger.record import append, utc_text
from fcv_api.ledger.replies import FEW, KEPT, MANY, AlreadyAnswered, Asked, forget_expired
from fcv_api.ledger.tables import ReplyRow

pytestmark = [pytest.mark.usefixtures("app"), BOTH_DATABASES]
ASKED = Asked(7, "key-1", "/predict application/json", "b" * 64)


def keep(asked: Asked = ASKED, answer: bytes = b"\0\xffanswer") -> None:
    with write_cursor() as cursor:
        append(cursor, [PREDICTION])
        replies.keep(cursor, asked, answer)


def age(by: timedelta, asked: Asked = ASKED) -> None:
    at = utc_text(datetime.now(UTC) - by)
    with write_transaction() as session:
        session.execute(update(ReplyRow).where(ReplyRow.key == asked.key).values(at=at))


def count(of: type = ReplyRow) -> int:
    with read_transaction() as connection:
        return connection.scalar(select(func.count()).select_from(of)) or 0


def keep_many(number: int) -> None:
    for key in range(number):
        asked = ASKED._replace(key=f"old-{key}")
        with write_transaction() as session:
            session.add(ReplyRow(**asked._asdict(), at="2020-01-01T00:00:00.000000Z", answer=b""))


def test_an_answer_is_found_as_it_was_kept() -> None:
    assert replies.find(ASKED) is None
    keep()
    found = replies.find(ASKED)
    assert found
    assert (found.asked, found.answer) == (ASKED, b"\0\xffanswer")
    assert datetime.now(UTC) - datetime.fromisoformat(found.at) < timedelta(seconds=5)


def test_a_key_is_one_users() -> None:
    keep()
    other = ASKED._replace(user_id=8)
    assert replies.find(other) is None
    keep(other, b"another")
    assert [each and each.answer for each in map(replies.find, (ASKED, other))] == [b"\0\xffanswer", b"another"]


def test_what_was_asked_under_the_key_is_told_whatever_is_asked_now() -> None:
    keep()
    found = replies.find(ASKED._replace(body_sha256="c" * 64, request="/predict/batch text/csv"))
    assert found
    assert found.asked == ASKED


def test_a_second_answer_to_a_key_is_not_kept_and_nor_are_its_records() -> None:
    keep()
    with pytest.raises(AlreadyAnswered) as found:
        keep(answer=b"second")
    assert found.value.reply == replies.find(ASKED)
    assert [each.seq for each in query.stream(Wanted())] == [1]


def test_what_fails_after_the_answer_was_kept_takes_it_back_with_its_records() -> None:
    def keep_and_fail() -> None:
        with write_cursor() as cursor:
            append(cursor, [PREDICTION])
            replies.keep(cursor, ASKED, b"answer")
            raise KeyError

    with pytest.raises(KeyError):
        keep_and_fail()
    assert (replies.find(ASKED), list(query.stream(Wanted()))) == (None, [])


@pytest.mark.parametrize(("by", "there"), [(KEPT - timedelta(minutes=1), True), (KEPT, False)])
def test_an_answer_is_kept_for_a_day(by: timedelta, there: bool) -> None:  # noqa: FBT001
    keep()
    age(by)
    assert (replies.find(ASKED) is not None) == there


def test_an_expired_key_may_be_used_anew() -> None:
    keep()
    age(KEPT)
    keep(answer=b"second")
    found = replies.find(ASKED)
    assert found
    assert (found.answer, count()) == (b"second", 1)


def test_an_expired_key_may_be_used_anew_though_many_expired_before_it() -> None:
    keep()
    age(KEPT)
    keep_many(FEW)
    keep(answer=b"second")
    assert replies.find(ASKED)


def test_each_new_answer_deletes_some_that_expired_the_oldest_first() -> None:
    keep_many(FEW + 2)
    age(timedelta(days=365), ASKED._replace(key="old-0"))  # younger than the others
    keep()
    assert count() == 3
    assert replies.find(ASKED)
    with read_transaction() as connection:
        assert "old-0" in connection.scalars(select(ReplyRow.key)).all()


def test_what_expired_is_deleted_though_nobody_asks() -> None:
    keep_many(MANY + 1)
    keep(ASKED._replace(key="new"))
    forget_expired()
    assert count() == 1
    assert replies.find(ASKED._replace(key="new"))
