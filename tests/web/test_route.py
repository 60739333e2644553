"""The way of a request: short enough to be followed, and as it is documented."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from conftest import FIXTURES
from flask.testing import FlaskClient
from route import Route, route_of

MODULES, HOPS = 30, 118
"""At most, from the socket to the line in the log."""


@pytest.fixture
def way(http: FlaskClient, token: dict[str, str], log_file: Path) -> Route:
    """Follow a real request, with the log open as in service."""
    body = (FIXTURES / "encounter_5501.json").read_bytes()
    headers = token | {"Content-Type": "application/json"}
    found = route_of(lambda: http.post("/predict", data=body, headers=headers))
    assert log_file.exists()
    return found


def test_a_request_goes_through_few_modules_and_few_hops(way: Route) -> None:
    assert len(set(way.modules)) <= MODULES
    assert way.hops <= HOPS
    assert {"web/predict.py", "wire/json_body.py", "domain/window.py", "lstm/runtime.py"} <= set(way.modules)


@pytest.mark.parametrize("settings", [{}], indirect=True)
def test_the_documents_name_every_module_on_the_way(way: Route, root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text("utf-8")
    listed = re.search(r"<!-- the way of a request -->\n(.*?)<!-- its end -->", text, re.DOTALL)
    assert listed
    named = set(re.findall(r"`([a-z_/]+\.py)`", listed[1])) - {"tests/web/test_route.py"}
    assert named == set(way.modules)
    assert f"{len(named)} modules" in listed[1]


def test_each_step_of_the_newcomers_route_exists(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text("utf-8")
    steps = re.findall(r"`([a-z_/]+)\.py:(\w+)`", text)
    assert len(steps) > 12
    for module, name in steps:
        dotted = module.removesuffix("/__init__").replace("/", ".")
        assert hasattr(import_module(f"fcv_api.{dotted}"), name), (module, name)
