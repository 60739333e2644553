"""The way of a request: short enough to be followed."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import FIXTURES
from flask.testing import FlaskClient
from route import Route, route_of

MODULES, HOPS = 36, 150
"""At most, from the socket to the answer."""


def route(http: FlaskClient, token: dict[str, str]) -> Route:
    body = (FIXTURES / "encounter_5501.json").read_bytes()
    headers = token | {"Content-Type": "application/json"}
    return route_of(lambda: http.post("/predict", data=body, headers=headers))


def test_a_request_goes_through_few_modules_and_few_hops(http: FlaskClient, token: dict[str, str]) -> None:
    way = route(http, token)
    assert len(set(way.modules)) <= MODULES
    assert way.hops <= HOPS
    assert {"web/predict.py", "wire/json_body.py", "domain/window.py", "lstm/runtime.py"} <= set(way.modules)


def test_the_documents_name_every_module_on_the_way(http: FlaskClient, token: dict[str, str], root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text("utf-8")
    listed = re.search(r"<!-- the way of a request -->\n(.*?)<!-- its end -->", text, re.DOTALL)
    assert listed
    way = route(http, token)
    assert set(re.findall(r"`([a-z_/]+\.py)`", listed[1])) == set(way.modules)
    assert f"{len(set(way.modules))} modules" in listed[1]
    assert f"{way.hops} hops" in listed[1]
