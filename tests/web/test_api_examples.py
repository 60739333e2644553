"""The answers that docs/api.md and the OpenAPI document show: what the service gives, and no others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from fcv_api.settings import ROOT
from fcv_api.wire.example import example_answer, example_batch, example_batch_answer, example_request

TEXT = (ROOT / "docs" / "api.md").read_text("utf-8")
SHIPPED = ROOT / "models" / "fcv-sim" / "2.0.0" / "manifest.json"


def section(heading: str) -> str:
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def shown(heading: str, beginning: str) -> Any:
    """Return the answer of a section that begins so."""
    (found,) = (block for block in re.findall(r"```\w+\n(.*?)```", section(heading), re.DOTALL) if beginning in block)
    return json.loads(found[found.index(beginning) :])


def about(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what is of one request, its probabilities to as many digits as every processor gives."""
    text = re.sub(r'"request_id": ?"\w+"', '"request_id": ""', json.dumps(answer))
    rounded: dict[str, Any] = json.loads(text, parse_float=lambda number: round(float(number), 5))
    return rounded


def test_the_answers_of_both_routes_that_predict_are_what_the_shipped_model_gives(
    http: FlaskClient, token: dict[str, str]
) -> None:
    one = http.post("/predict", json=example_request(), headers=token).get_json()
    assert about(one) == about(shown("POST /predict", '{"idAtencion":5501')) == about(example_answer())
    many = http.post("/predict/batch", json=example_batch(), headers=token).get_json()
    assert about(many) == about(shown("POST /predict/batch", '{"results"')) == about(example_batch_answer())


def test_every_hash_of_a_model_is_the_shipped_ones() -> None:
    sha256 = json.loads(SHIPPED.read_text("utf-8"))["sha256"]
    told = re.findall(r"(?:sha256 |model_sha256\":\"|fcv-sim/2\.0\.0 )([0-9a-f]{12,64})\b", TEXT)
    assert len(told) > 8
    assert {each for each in told if not sha256.startswith(each)} == set()


@pytest.mark.parametrize("name", ["clients.md", "clients.es.md"])
def test_the_page_of_clients_tables_every_function(http: FlaskClient, root: Path, name: str) -> None:
    paths = http.get("/openapi.json").get_json()["paths"].values()
    made = {
        f"{way['tags'][0]}.{way['operationId']}" for item in paths for way in item.values() if isinstance(way, dict)
    }
    table = re.findall(r"`([a-z]+\.[a-z_]+)`", (root / "docs" / name).read_text("utf-8"))
    assert set(table) == made
