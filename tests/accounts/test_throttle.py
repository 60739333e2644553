"""How many wrong passwords are taken, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import BOTH_DATABASES
from flask import Flask
from sqlalchemy import func, select

from fcv_api.accounts import throttle
from fcv_api.accounts.throttle import UNKNOWN, Attempt, FailedSignIn, TooManyAttempts, network_of
from fcv_api.extensions import read_transaction

KEY = "0123456789abcdef" * 4
pytestmark = [pytest.mark.usefixtures("app"), BOTH_DATABASES]
Clock = Callable[[float], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give a clock that stands still, and moves by so many seconds when called."""
    now = [1_800_000_000.0]
    monkeypatch.setattr(throttle, "time", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def attempt(number: int = 0, username: str = "ana", address: str = "10.0.0.1") -> Attempt:
    return Attempt.of(KEY, address, username, "a hash", f"wrong {number}")


def fail(numbers: range, username: str = "ana", address: str = "10.0.0.1") -> None:
    for number in numbers:
        throttle.count(attempt(number, username, address))


def left(username: str = "ana", address: str = "10.0.0.1") -> int:
    """Say how many seconds an account waits for an address."""
    try:
        throttle.check(attempt(-1, username, address))
    except TooManyAttempts as error:
        return error.seconds
    return 0


def rows() -> int:
    with read_transaction() as connection:
        return connection.scalar(select(func.count()).select_from(FailedSignIn)) or 0


def test_the_tenth_wrong_password_in_five_minutes_makes_a_wait(later: Clock) -> None:
    fail(range(9))
    assert left() == 0
    later(299)
    fail(range(9, 10))
    assert left() == 30


def test_ten_wrong_passwords_over_more_than_five_minutes_make_none(later: Clock) -> None:
    for number in range(20):
        fail(range(number, number + 1))
        later(34)
    assert left() == 0


def test_waits_double_up_to_fifteen_minutes_and_each_one_ends(later: Clock) -> None:
    fail(range(10))
    waits = [left()]
    for number in range(10, 17):
        later(waits[-1])
        assert left() == 0
        fail(range(number, number + 1))
        waits.append(left())
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_an_hour_after_the_last_wrong_password_all_is_forgotten(later: Clock) -> None:
    fail(range(12))
    later(3601)
    fail(range(9))
    assert left() == 0


def test_a_wrong_password_that_is_tried_again_counts_once(later: Clock) -> None:
    for _ in range(100):
        fail(range(1))
        later(1)
    assert (left(), rows()) == (0, 1)
    assert throttle.check(attempt())
    assert not throttle.check(attempt(1))


def test_a_wrong_password_that_two_requests_find_at_one_moment_counts_once() -> None:
    fail(range(9))
    fail(range(8, 9))
    assert left() == 0


def test_a_password_is_not_known_to_be_wrong_when_the_account_has_changed() -> None:
    fail(range(1))
    assert not throttle.check(Attempt.of(KEY, "10.0.0.1", "ana", "another hash", "wrong 0"))


def test_other_accounts_and_other_addresses_do_not_wait(later: Clock) -> None:
    fail(range(10))
    later(1)
    assert left() == 29
    assert (left("bea"), left(address="10.0.0.2")) == (0, 0)


def test_a_hundred_wrong_passwords_of_any_names_make_their_address_wait(later: Clock) -> None:
    for number in range(99):
        fail(range(1), f"random {number}")
    assert left() == 0
    later(1)
    fail(range(1), "the hundredth")
    assert (left(), left("random 5"), left(address="10.0.0.2")) == (30, 30, 0)


def test_what_was_on_its_way_when_the_wait_began_makes_it_no_longer(later: Clock) -> None:
    fail(range(18))
    assert left() == 30
    later(30)
    assert left() == 0


def test_failures_of_a_clock_that_was_a_day_ahead_make_no_wait_and_are_deleted(later: Clock) -> None:
    later(86_400)
    fail(range(12))
    assert left() == 30
    later(-86_400)
    assert left() == 0
    fail(range(12, 21))
    assert left() == 0
    fail(range(21, 22))
    assert left() == 30
    throttle.forget_old()
    assert rows() == 10


def test_no_wait_is_longer_than_fifteen_minutes_where_clocks_differ_by_seconds(later: Clock) -> None:
    later(45)
    for number in range(20):
        fail(range(number, number + 1))
        later(left())
    fail(range(20, 21))
    later(-45)
    assert left() == throttle.LONGEST_WAIT


def test_many_threads_count_together(app: Flask) -> None:
    def one(number: int) -> None:
        with app.app_context():
            fail(range(number, number + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(12)))
    assert rows() == 12
    assert 0 < left() <= 30


def test_what_is_older_than_an_hour_is_deleted(later: Clock) -> None:
    fail(range(3))
    later(3500)
    fail(range(3, 5))
    later(101)
    throttle.forget_old()
    throttle.forget_old()
    assert rows() == 2


def test_no_name_address_or_password_is_kept(later: Clock) -> None:
    later(1)
    fail(range(1))
    with read_transaction() as connection:
        (row,) = connection.execute(select(*FailedSignIn.__table__.columns)).all()
    assert not any(secret in str(row) for secret in ("ana", "10.0.0.1", "wrong", "a hash"))
    assert [len(row.password), len(row.pair), len(row.address)] == [64, 64, 64]


def test_without_the_key_nobody_can_look_for_the_password() -> None:
    other = Attempt.of(KEY[::-1], "10.0.0.1", "ana", "a hash", "wrong 0")
    assert other.password != attempt().password


def test_parts_that_run_into_each_other_are_told_apart() -> None:
    assert Attempt.of(KEY, "10.0.0.1", "a", "bc").password != Attempt.of(KEY, "10.0.0.1", "ab", "c").password
    assert Attempt.of(KEY, "a", "\ud800\0", "b").pair != Attempt.of(KEY, "a", "\ud800", "b").pair


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:0a00:0001", "10.0.0.1"),
        ("2001:db8:0:7:a:b:c:d", "2001:db8:0:7::/64"),
        ("2001:0DB8:0000:0007::1", "2001:db8:0:7::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_a_client_is_an_ipv4_address_or_the_64_of_an_ipv6_one(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    "word", ["", "unix:", "10.0.0.1:5000", "[::1]:5000", "10.0.0.256", "10.0.0", "\ud800", "a" * 9999]
)
def test_all_that_is_no_address_is_one_client(word: str) -> None:
    assert network_of(word) == UNKNOWN


def test_24_addresses_of_one_64_count_as_one(later: Clock) -> None:
    for number in range(24):
        fail(range(number, number + 1), address=f"2001:db8::{number:x}:{number:x}:0:1")
    later(1)
    assert left(address="2001:db8::ffff:1:2:3") == 29
    assert left(address="2001:db8:0:1::1") == 0


def test_an_ipv4_address_counts_alike_where_it_is_mapped_into_ipv6(later: Clock) -> None:
    fail(range(5), address="10.0.0.7")
    fail(range(5, 10), address="::ffff:10.0.0.7")
    later(1)
    assert (left(address="10.0.0.7"), left(address="::ffff:a00:7")) == (29, 29)


def test_names_guessed_from_many_addresses_of_one_64_make_all_of_it_wait(later: Clock) -> None:
    for number in range(100):
        fail(range(1), f"random {number}", f"2001:db8::{number:x}")
    later(1)
    assert (left("the next", "2001:db8::ffff"), left("the next", "2001:db8:1::1")) == (29, 0)
