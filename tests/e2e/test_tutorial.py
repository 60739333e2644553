"""docs/tutorial.md and its Spanish twin: each command prints what the page says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from service import Service, running
from transcript import Shell, normal, steps_of

from fcv_api.settings import ROOT

PAGE = ROOT / "docs" / "tutorial.md"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give a service whose beds are scored when a command says so. The feed's account is the first, as always."""
    with running(tmp_path_factory.mktemp("tutorial"), FEED="on", WORKERS="1") as service:
        service.fcv("feed", "run", "--once")
        yield service


def test_each_command_prints_what_the_tutorial_says(service: Service) -> None:
    shell = Shell(service)
    steps = steps_of(PAGE.read_text("utf-8"))
    assert len(steps) > 15
    for step in steps:
        assert normal(shell.run(step.command)) == normal(step.printed), step.command


def test_what_may_differ_is_told_from_what_may_not() -> None:
    assert normal("0.9973825812339783  at 2026-11-28T00:39:57.602313Z") == "0.99 at TIMEZ"
    assert normal("0.98") != normal("0.99")
    assert normal("Recorded 2 turns.") != normal("Recorded 1 turns.")
