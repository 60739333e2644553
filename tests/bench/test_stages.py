"""The stages of `make profile`: every one is met by a request, so none has lost its code to a new name."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from conftest import UNTRAINED
from flask import Flask
from flask.testing import FlaskClient

from bench.bodies import BODIES
from bench.stages import STAGES, Stack, name_of, sampled, stage_of


@pytest.mark.parametrize("settings", [UNTRAINED], indirect=True)
def test_every_stage_is_met_by_a_request(http: FlaskClient, token: dict[str, str]) -> None:
    met: set[str] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            met.add(stage_of(stack_of(frame)))

    sys.setprofile(note)
    try:
        answer = http.post("/predict", data=BODIES["real"], headers=token, content_type="application/json")
    finally:
        sys.setprofile(None)
    assert answer.status_code == 200
    assert met == set(STAGES)


def stack_of(frame: FrameType | None) -> Stack:
    """Give the functions of a stack from Flask's entry on; none where it is not on it."""
    codes = []
    while frame and frame.f_code is not Flask.wsgi_app.__code__:
        codes.append(frame.f_code)
        frame = frame.f_back
    return tuple(reversed(codes)) if frame else ()


def test_a_sample_begins_at_the_entry_of_the_app_and_counts_for_its_stage(
    http: FlaskClient, token: dict[str, str]
) -> None:
    with sampled() as stacks:
        for _ in range(20):
            http.post("/predict", data=BODIES["real"], headers=token, content_type="application/json")
    assert stacks.total() > 20
    assert {name_of(stack[0]) for stack in stacks} == {"flask.app.Flask.wsgi_app"}
    assert {stage_of(stack) for stack in stacks} <= set(STAGES)
