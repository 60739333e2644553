"""Bodies: JSON by orjson, checked by marshmallow.

webargs would use the standard library, which is slower and raises RecursionError on deep nesting.
"""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import parse_qsl

import flask_smorest
import orjson
from flask import Flask, Request, Response
from flask.json.provider import JSONProvider
from marshmallow import Schema, ValidationError
from webargs import core
from webargs.flaskparser import FlaskParser

from fcv_api.domain.bad_cells import InvalidQuery
from fcv_api.web.bodies import check_encoding, read_body
from fcv_api.web.problems import ProblemRaised
from fcv_api.web.requests import current_request, current_service
from fcv_api.wire.csv_rows import NotCsv, read_csv
from fcv_api.wire.encounter import VitalsSchema, encounters_of, invalid_body
from fcv_api.wire.json_body import read_json
from fcv_api.wire.json_faults import NotJson
from fcv_api.wire.observations import ObservationsSchema

LARGEST_FORM = 20  # fields
FORM = "application/x-www-form-urlencoded"
CSV = "text/csv"


class OrjsonParser(FlaskParser):
    """Read a JSON body. Whatever is wrong becomes a problem."""

    TAKES = "application/json"

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401 - webargs' own signature
        """Parse the body with orjson, which refuses NaN, Infinity, lone surrogates and deep nesting."""
        check_encoding(req)
        if req.mimetype != "application/json":
            raise ProblemRaised("unsupported-media-type", f"Send the body with Content-Type: {self.TAKES}.")
        body = self.receive(req)
        try:
            return read_json(body, schema.columns) if isinstance(schema, VitalsSchema) else orjson.loads(body)
        except (NotJson, orjson.JSONDecodeError) as error:
            raise ProblemRaised("not-json", f"The body is not JSON: {error}.") from None

    def receive(self, req: Request) -> bytes:
        """Receive the body whole, and wait until it may be parsed."""
        body = read_body(req)
        current_service().large_body_lock.acquire(len(body))
        return body

    def handle_error(self, error: ValidationError, *_request: Any, **_answer: Any) -> NoReturn:  # noqa: ANN401
        """Raise the fact for what marshmallow found."""
        ((place, messages),) = error.messages.items()  # type: ignore[union-attr] # webargs puts them under "json"
        found = invalid_body(messages)
        if place == "query":
            raise InvalidQuery(found.cells, found.count)
        ids = (error.valid_data or {}).get("idAtencion")  # type: ignore[union-attr]
        found.encounters = encounters_of(ids)
        if isinstance(ids, int):
            current_request().encounter = ids
        raise found


class BatchParser(OrjsonParser):
    """Read a batch: JSON, or CSV, whose dialect the answer may need."""

    TAKES = f"application/json or {CSV}"

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401
        """Parse the body by its content type."""
        check_encoding(req)
        if req.mimetype != CSV:
            return super().load_json(req, schema)
        try:
            columns, current_request().dialect = read_csv(
                self.receive(req), required_of(schema), schema.fields, alone=isinstance(schema, ObservationsSchema)
            )
        except NotCsv as error:
            raise ProblemRaised("not-csv", f"The body is not CSV: {error}.") from None
        return columns


class CredentialsParser(OrjsonParser):
    """Read credentials: JSON, or an OAuth2 password form."""

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ANN401
        """Parse the body by its content type."""
        check_encoding(req)
        if req.mimetype == FORM:
            return read_form(req)
        return super().load_json(req, schema)


def required_of(schema: Schema) -> list[str]:
    """Return the fields that a schema must have."""
    return [name for name, field in schema.fields.items() if field.required]


def read_form(req: Request) -> dict[str, str]:
    """Read a form: not by Werkzeug, which reads a chunked one up to the limit and says nothing of the rest."""
    try:
        text = read_body(req).decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=LARGEST_FORM))
    except ValueError:  # UnicodeDecodeError is one
        raise ProblemRaised("bad-request", "The form cannot be read.") from None


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # flask-smorest ships no types
    """flask-smorest's blueprint, with our parser."""

    ARGUMENTS_PARSER: core.Parser[Request] = OrjsonParser()


class BatchBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """flask-smorest's blueprint for `/predict/batch`."""

    ARGUMENTS_PARSER: core.Parser[Request] = BatchParser()


class CredentialsBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """flask-smorest's blueprint for `/auth`."""

    ARGUMENTS_PARSER: core.Parser[Request] = CredentialsParser()


class OrjsonProvider(JSONProvider):
    """Flask's JSON, by orjson."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:  # noqa: ANN401
        """Write JSON."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:  # noqa: ANN401
        """Read JSON."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401
        """Write JSON into a response."""
        body = orjson.dumps(self._prepare_response_obj(args, kwargs)) + b"\n"
        return Response(body, mimetype="application/json")


def use_orjson(app: Flask) -> None:
    """Let an app read and write JSON with orjson."""
    app.json = OrjsonProvider(app)
