"""`fcv serve`: what it does before it becomes the service."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from conftest import MakeSettings

from fcv_api.cli import main


class Replaced(Exception):
    """The process would be gunicorn now."""


@pytest.fixture
def taken(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Set FCV_BIND to a port that is taken, and let nothing replace this process."""

    def execv(*_command: object) -> None:
        raise Replaced

    log = logging.getLogger("fcv_api")
    before = log.handlers[:], log.propagate
    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(os, "chdir", lambda _folder: None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        make_settings(BIND=f"127.0.0.1:{listening.getsockname()[1]}", FEED="off")
        yield monkeypatch
    for handler in set(log.handlers) - set(before[0]):
        handler.close()
    log.handlers[:], log.propagate = before


def test_a_taken_port_is_told_before_anything_is_served(taken: pytest.MonkeyPatch) -> None:
    assert taken
    refused = CliRunner().invoke(main, ["serve"])
    assert (refused.exit_code, "Another program listens on" in refused.output) == (1, True)
    assert "Serving on" not in refused.output


@pytest.mark.parametrize("variable", ["GUNICORN_PID", "LISTEN_FDS"])
def test_a_socket_that_was_handed_over_is_no_other_program_s(taken: pytest.MonkeyPatch, variable: str) -> None:
    taken.setenv(variable, "1")
    with pytest.raises(Replaced):
        CliRunner().invoke(main, ["serve"], catch_exceptions=False)
