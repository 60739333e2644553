"""A port that is taken is told before anything says *Serving on*."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import click
import pytest

from fcv_api.cli.free_port import refuse_taken


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_taken_port_is_refused_with_one_that_is_free(taken: int) -> None:
    with pytest.raises(click.ClickException, match=rf"listens on 127\.0\.0\.1:{taken}: .* FCV_BIND=") as refused:
        refuse_taken(f"127.0.0.1:{taken}")
    refuse_taken(refused.value.message.rpartition("=")[2])


def test_a_free_port_and_one_that_the_system_chooses_are_no_matter() -> None:
    refuse_taken("127.0.0.1:0")
    refuse_taken("unix:/run/fcv/fcv.sock")
    refuse_taken("fd://3")


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(click.ClickException, match=r"no address 192\.0\.2\.1:8000"):
        refuse_taken("192.0.2.1:8000")
