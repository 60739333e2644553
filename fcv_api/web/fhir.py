"""FHIR R4: Bundles of Observations into the memory of beds, scores out of it, and what there is."""

from __future__ import annotations

from time import time_ns
from typing import Any

import orjson
from flask import Response, request
from marshmallow import INCLUDE, Schema, fields
from marshmallow.validate import OneOf

from fcv_api import __version__
from fcv_api.accounts import Role
from fcv_api.feed import sources, store
from fcv_api.feed.store import Arrival
from fcv_api.fhir.answer import answer_of
from fcv_api.fhir.capability import JSON, capability_statement
from fcv_api.fhir.delivery import addressed, counts_of, refused
from fcv_api.fhir.example import example_bundle
from fcv_api.fhir.finding import WrongSearch, found
from fcv_api.fhir.reading import read_bundle
from fcv_api.fhir.risk import search_set
from fcv_api.fhir.site import FhirSite
from fcv_api.web.bodies import check_encoding, read_body
from fcv_api.web.fhir_scores import ScoresQuerySchema, page_of
from fcv_api.web.observations import fed
from fcv_api.web.openapi import TOKEN_NEEDED, outcomes
from fcv_api.web.parser import Blueprint
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.recording import check_count
from fcv_api.web.requests import current_service
from fcv_api.web.tokens import authenticated, current_account, public
from fcv_api.wire.hl7.source import Source

bp = Blueprint("fhir", __name__, description="FHIR R4")
TAKEN = (JSON, "application/json", "application/json+fhir", "text/json")
FORMATS = (*TAKEN, "json")
ANY = ("*/*", "application/*")
SINCE = "2026-11-28"
"""Since when the CapabilityStatement says what it says."""


class FhirResourceSchema(Schema):
    """A resource of FHIR R4, as its specification has it: here a Bundle, or what answers one."""

    class Meta:
        """FHIR has many elements that are not named here."""

        unknown = INCLUDE

    resourceType = fields.String(required=True)  # noqa: N815


class FhirBundleSchema(Schema):
    """A Bundle of FHIR R4. What is wrong in an entry is said of that entry."""

    class Meta:
        """FHIR has many elements that are not named here."""

        unknown = INCLUDE

    resourceType = fields.String(required=True, validate=OneOf(["Bundle"]))  # noqa: N815
    type = fields.String(allow_none=True, metadata={"example": "batch"})
    entry = fields.List(fields.Raw(allow_none=True), allow_none=True)


BUNDLE = {
    "requestBody": {"required": True, "content": {JSON: {"schema": FhirBundleSchema, "example": example_bundle()}}}
}
ANSWER = {"responses": {"200": {"description": "OK", "content": {JSON: {"schema": FhirResourceSchema}}}}}


@bp.before_request
def _check_format() -> None:
    """Refuse to answer in a format that is not written here. Raises ProblemRaised."""
    asked = request.args.get("_format")
    accepted = [name.split(";")[0].strip() for name, quality in request.accept_mimetypes if quality]
    named = asked.split(";")[0].replace(" ", "+").strip() if asked else None
    is_written = named in FORMATS if named else not accepted or any(each in (*TAKEN, *ANY) for each in accepted)
    if not is_written:
        raise ProblemRaised("not-acceptable", f"Answers are written as {JSON} alone.")


@bp.post("/fhir")
@authenticated(Role.CLIENT, Role.ADMIN)
@bp.doc(**TOKEN_NEEDED, **BUNDLE)
@bp.doc(**ANSWER)
@outcomes(
    bp,
    *("not-json", "bad-request", "not-authenticated", "not-allowed", "not-acceptable", "too-large"),
    *("unsupported-media-type", "unsupported-encoding", "invalid-body", "table-too-large", "too-many-encounters"),
    *("feed-off", "too-many-large-bodies", "database-unavailable"),
)
@fed
def post_fhir_bundle() -> Response:
    """Take a Bundle of Observations into the memory of their beds. A wrong entry fails alone, and the answer says why.

    Send it again whenever you are not sure: what is known already changes nothing.
    """
    service, source, now = current_service(), _source(), time_ns() // 1000
    reading = read_bundle(_body(), source)
    own = addressed(reading, source, service.fhir.key, Arrival(source.label, now, now, service.observation_hours))
    check_count(len(own.delivery.posted))
    (taken,) = store.store_all([own.delivery])
    sources.counted().count(source.label, counts_of(reading))
    return _answer(answer_of(reading, refused(own, taken)))


@bp.get("/fhir/RiskAssessment")
@authenticated(Role.READER, Role.ADMIN)
@bp.doc(**TOKEN_NEEDED)
@bp.doc(**ANSWER)
@fed
@bp.arguments(ScoresQuerySchema, location="query", unknown="exclude")
@outcomes(
    bp,
    *("not-authenticated", "not-allowed", "not-acceptable", "invalid-query", "no-model"),
    *("feed-off", "database-unavailable"),
)
def search_risk_assessments(asked: dict[str, Any]) -> Response:
    """A stay's scores, the newest first: three predictions each, warnings first. A refusal is none."""
    words = asked.get("encounter") or asked.get("identifier")
    if not words:
        raise WrongSearch("encounter must be given: SYSTEM|VALUE, or the number that GET /beds gives.")
    return _answer(search_set(*page_of(found(words, _usable()), asked)))


@bp.get("/fhir/metadata")
@public
@bp.doc(**ANSWER)
@outcomes(bp, "not-acceptable")
def show_fhir_metadata() -> Response:
    """What of FHIR R4 there is here: a CapabilityStatement."""
    return _answer(capability_statement(__version__, request.base_url.removesuffix("/metadata"), SINCE))


def _source() -> Source:
    """Return the source that the caller is. Raises ProblemRaised."""
    site = _usable()
    source = site.source_of(current_account().username)
    if source.test and not site.allow_test:
        raise ProblemRaised("not-allowed", "This account is of a test source, and FCV_ALLOW_TEST_SOURCES is not 1.")
    return source


def _usable() -> FhirSite:
    """Return what is needed to know sources by. Raises ProblemRaised."""
    site = current_service().fhir
    if site.problem:
        raise ProblemRaised("feed-off", f"No Bundle can be taken here: {site.problem}")
    return site


def _body() -> bytes:
    """Receive a Bundle whole, and wait until it may be parsed. Raises ProblemRaised."""
    check_encoding(request)
    if request.mimetype not in TAKEN:
        raise ProblemRaised("unsupported-media-type", f"Send the Bundle with Content-Type: {JSON}.")
    body = read_body(request)
    current_service().large_body_lock.acquire(len(body))
    return body


def _answer(resource: dict[str, Any]) -> Response:
    return Response(orjson.dumps(resource) + b"\n", mimetype=JSON)
