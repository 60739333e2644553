"""The OpenAPI document and its page: true to the service, and served by it alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

Document = dict[str, Any]
NOT_DOCUMENTED = ("static", "swagger_ui", "api-docs", "ward.", "guide.")
"""The last two: pages for people."""


@pytest.fixture
def document(http: FlaskClient) -> Document:
    """Get the document."""
    response = http.get("/openapi.json")
    assert (response.status_code, response.content_type) == (200, "application/json")
    content: Document = response.get_json()
    return content


def operations(document: Document) -> dict[tuple[str, str], Document]:
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def parts(node: object) -> Iterator[Document]:
    """Walk all objects of a document."""
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from parts(each)


def test_it_is_openapi_3_and_names_the_service(document: Document) -> None:
    assert document["openapi"].startswith("3.")
    assert document["info"]["title"] == "FCV-MLAPI"
    assert "not healthy" in document["info"]["description"]


def test_every_route_is_documented_and_no_other(app: Flask, document: Document) -> None:
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS") and not rule.endpoint.startswith(NOT_DOCUMENTED)
    }
    assert set(operations(document)) == routes


def test_every_operation_has_a_summary_and_an_answer_that_works(document: Document) -> None:
    for operation in operations(document).values():
        assert operation["summary"]
        assert any(status.startswith("2") for status in operation["responses"])
        assert all(answer["description"] for answer in operation["responses"].values())


def test_every_reference_leads_somewhere(document: Document) -> None:
    references = [part["$ref"] for part in parts(document) if "$ref" in part]
    assert len(references) > 10
    for reference in references:
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_every_required_property_exists(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert set(schema.get("required", ())) <= set(schema.get("properties", ())), name


PUBLISHED = {
    *("predict", "predict_batch", "post_observations", "list_beds", "show_model", "home", "check_live", "check_ready"),
    *("list_predictions", "show_prediction", "replay_prediction", "explain_prediction"),
    *("who_am_i", "create_user", "create_token", "end_token"),
    *("post_fhir_bundle", "search_risk_assessments", "show_fhir_metadata"),
}
"""Generated clients call these functions: a name that changes breaks them."""


def test_every_operation_has_a_name_of_its_own_that_stays(document: Document) -> None:
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(set(names)) == len(names)
    assert set(names) >= PUBLISHED
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


def test_every_operation_says_that_a_caller_may_name_the_call(document: Document) -> None:
    named = {"$ref": "#/components/parameters/RequestId"}
    assert all(named in operation["parameters"] for operation in operations(document).values())


def test_no_two_content_types_of_a_body_share_a_schema(document: Document) -> None:
    """Else a generated client cannot say which of them it sends, and sends both."""
    bodies = [each["requestBody"]["content"] for each in operations(document).values() if "requestBody" in each]
    assert {len(content) for content in bodies} == {1, 2}
    for content in bodies:
        schemas = [media["schema"]["$ref"] for media in content.values()]
        assert len(set(schemas)) == len(schemas)


def test_no_schema_is_named_by_a_number_and_each_is_used(document: Document) -> None:
    """Apispec numbers a schema whose name is taken, and says so in a warning that nobody reads."""
    used = {part["$ref"].rpartition("/")[2] for part in parts(document) if "$ref" in part}
    names = set(document["components"]["schemas"])
    assert [name for name in names if re.search(r"\d$", name)] == []
    assert names <= used


def test_what_may_be_null_is_one_type_or_null_and_nothing_else(document: Document) -> None:
    choices = [part["anyOf"] for part in parts(document) if "anyOf" in part]
    assert len(choices) > 5
    for meant, null in choices:
        assert "$ref" in meant or (meant["enum"] and None not in meant["enum"])
        assert (null["nullable"], null["enum"]) == (True, [None])
    assert not any(None in part["enum"] and part["enum"] != [None] for part in parts(document) if "enum" in part)


def test_every_security_scheme_that_is_asked_for_exists(document: Document) -> None:
    asked = {name for each in operations(document).values() for way in each.get("security", ()) for name in way}
    assert asked == set(document["components"]["securitySchemes"])
    flow = document["components"]["securitySchemes"]["password"]["flows"]["password"]
    assert ("POST", flow["tokenUrl"]) in operations(document)


def test_exactly_the_routes_that_ask_for_a_token_say_so(http: FlaskClient, document: Document) -> None:
    asking = {each for each in operations(document) if http.open(each[1], method=each[0]).status_code == 401}
    assert {each for each, operation in operations(document).items() if operation.get("security")} == asking
    assert all("401" in operations(document)[each]["responses"] for each in asking)
    assert ("POST", "/predict") in asking
    assert ("GET", "/home") not in asking


def test_errors_are_documented_as_problems(document: Document) -> None:
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")) and answer["description"].startswith("`/problems/"):
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}


@pytest.mark.parametrize("status", ["400", "401", "403", "413", "415", "422", "503"])
def test_what_predict_may_answer_is_documented(document: Document, status: str) -> None:
    assert "/problems/" in document["paths"]["/predict"]["post"]["responses"][status]["description"]


def test_the_example_of_predict_works(http: FlaskClient, token: dict[str, str], document: Document) -> None:
    operation = document["paths"]["/predict"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    headers = token | {"Idempotency-Key": "a"}
    http.post("/predict", json=example, headers=headers)
    response = http.post("/predict", json=example, headers=headers)  # the headers of a retry too
    assert response.status_code == 200
    schema = document["components"]["schemas"]["Prediction"]
    assert set(schema["required"]) <= set(response.get_json()) <= set(schema["properties"])
    assert set(operation["responses"]["200"]["headers"]) <= set(response.headers.keys())


def test_the_example_of_the_accounts_works(http: FlaskClient, document: Document) -> None:
    for path, status in (("/auth/create_user", 201), ("/auth/token", 200)):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        assert http.post(path, json=content["application/json"]["example"]).status_code == status


def test_signing_in_is_documented_as_json_and_as_a_form(document: Document) -> None:
    content = document["paths"]["/auth/token"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "application/x-www-form-urlencoded"}


def test_sano_is_never_documented_without_saying_that_it_is_not_health(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert "not healthy" in schemas["Prediction"]["properties"]["State"]["description"]
    assert "healthy" in schemas["Inferences"]["properties"]["Sano"]["description"]


# The page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_page_is_served_and_refers_to_no_other_host(http: FlaskClient, path: str) -> None:
    response = http.get(path)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert re.findall(r"(?:https?:)?//[\w.]+", response.text) == []


def test_every_asset_of_the_page_is_served_by_us(http: FlaskClient) -> None:
    assets = re.findall(r'(?:src|href)="([^"]+)"', http.get("/docs").text)
    assert len(assets) >= 4
    for asset in assets:
        with http.get(asset) as response:
            assert (response.status_code, len(response.data) > 50) == (200, True), asset


def test_the_page_reads_our_document_and_asks_nobody_to_validate_it(http: FlaskClient) -> None:
    """Without a word the page has every visitor's browser ask validator.swagger.io, which a hospital's LAN has not."""
    found = re.search(r"user_config = (\{.*?\});", http.get("/docs").text)
    assert found
    config = json.loads(found[1])
    assert config["url"] == "/openapi.json"
    assert config.get("validatorUrl", "the default") in (None, "none")
