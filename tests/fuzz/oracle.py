"""What must be true of the answer to any body at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from flask.testing import FlaskClient
from plain_reader import read_plainly

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.accounts.issued_tokens import token_for
from fcv_api.app import create_app
from fcv_api.cli.db import migrate_database
from fcv_api.extensions import db
from fcv_api.settings import Settings
from fcv_api.web import parser
from fcv_api.wire.cells import encounter_id

Body = dict[str, Any]
JSON, CSV, PROBLEM = "application/json", "text/csv", "application/problem+json"
KINDS = (("/predict", JSON), ("/predict/batch", JSON), ("/predict/batch", CSV))
"""A file of the corpus begins with one byte that says which."""
STATUSES = (200, 400, 422)


class Broken(AssertionError):
    """What was promised of every answer, and is not true of one."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    media_type: str
    body: bytes

    def json(self) -> Any:
        """Read it."""
        return orjson.loads(self.body)


class Target:
    """The service by its WSGI app."""

    def __init__(self, http: FlaskClient, token: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "fuzz"}

    def check(self, data: bytes) -> Answer | None:
        """Send what a file of the corpus holds. Raises Broken. None where it holds nothing."""
        if not data:
            return None
        path, media_type = KINDS[data[0] % len(KINDS)]
        body = data[1:]
        answer = self._ask(path, body, media_type)
        self._check_shape(answer)
        if media_type == JSON:
            self._check_plainly(path, body, answer)
        if answer.status == 200:
            self._check_whose(path, media_type, body, answer)
        return answer

    def _ask(self, path: str, body: bytes, media_type: str) -> Answer:
        response = self.http.post(path, data=body, content_type=media_type, headers=self.headers)
        return Answer(response.status_code, response.mimetype or "", response.data)

    def _check_shape(self, answer: Answer) -> None:
        if answer.status not in STATUSES:
            raise Broken(f"answered with {answer.status}: {answer.body[:200]!r}")
        if answer.media_type != (JSON if answer.status == 200 else PROBLEM):
            raise Broken(f"answered {answer.status} as {answer.media_type}")
        answer.json()

    def _check_plainly(self, path: str, body: bytes, answer: Answer) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(parser, "read_json", lambda sent, _names: read_plainly(sent))
            plain = self._ask(path, body, JSON)
        if plain != answer:
            raise Broken(f"read: {_told(answer)}, read plainly: {_told(plain)}")

    def _check_whose(self, path: str, media_type: str, body: bytes, answer: Answer) -> None:
        ids = _ids_of_table(body) if media_type == CSV else _ids_of(body)
        if path == "/predict":
            if [answer.json()["idAtencion"]] != list(dict.fromkeys(ids.values())):
                raise Broken("answered for another encounter")
            return
        results = answer.json()["results"]
        if [each["idAtencion"] for each in results] != list(dict.fromkeys(i for i in ids.values() if i is not None)):
            raise Broken("answered for other encounters, or in another order")
        if media_type == JSON:
            for result in results[:3]:
                self._check_alone(read_plainly(body), ids, result)

    def _check_alone(self, batch: Body, ids: dict[object, int | None], result: Body) -> None:
        """Whether an encounter of a batch is answered as if it had come alone."""
        rows = {row for row, number in ids.items() if number == result["idAtencion"]}
        body: Body = {"idAtencion": result["idAtencion"]}
        for name, column in batch.items():
            if name != "idAtencion" and isinstance(column, dict):
                body[name] = {row: cell for row, cell in column.items() if row in rows}
            elif name != "idAtencion" and isinstance(column, list):
                body[name] = [cell for at, cell in enumerate(column) if at in rows]
        alone = self._ask("/predict", orjson.dumps(body), JSON)
        wanted = alone.json() if alone.status == 200 else {"idAtencion": result["idAtencion"], "error": alone.json()}
        if _without_rows(result) != _without_rows(wanted):
            raise Broken(f"in a batch: {str(result)[:300]}, alone: {str(wanted)[:300]}")


def _without_rows(result: Body) -> Body:
    """Take out the rows' names of a list: alone, its cells are counted anew."""
    error = result.get("error", {})
    return result | ({"error": error["type"]} if "errors" in error else {})


def _ids_of(body: bytes) -> dict[object, int | None]:
    """Read whose each row is, by other means than the service: by key, by position, or all of one."""
    sent = read_plainly(body)["idAtencion"]
    cells = sent.items() if isinstance(sent, dict) else enumerate(sent if isinstance(sent, list) else [sent])
    return {row: _id(cell) for row, cell in cells}


def _ids_of_table(body: bytes) -> dict[object, int | None]:
    text = body.decode("utf-8-sig")
    names = text.partition("\n")[0]
    delimiter = max(",;\t|", key=names.count)
    header, *lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    at = [name.strip() for name in header].index("idAtencion")
    cells = (line[at].strip().replace(",", ".") for line in lines if any(line))
    return {row: _id(cell) for row, cell in enumerate(cells)}


def _id(cell: object) -> int | None:
    found = encounter_id(cell)
    return found if isinstance(found, int) else None


def _told(answer: Answer) -> str:
    return f"{answer.status} {answer.body[:300]!r}"


@contextmanager
def target(folder: Path, setenv: Callable[[str, str], None] = os.environ.__setitem__) -> Iterator[Target]:
    """Give the service, on a database of its own."""
    own = {"DATABASE_URL": f"sqlite:///{folder / 'fcv.db'}", "LOG_DIR": str(folder), "JWT_SECRET": "x7" * 32}
    for name, value in (own | {"TIMEZONE": "America/Bogota", "TOKEN_MINUTES": "1440"}).items():
        setenv(f"FCV_{name}", value)
    settings = Settings.from_environment(dotenv=None)
    migrate_database(settings)
    app = create_app(settings)
    with app.app_context():
        account = accounts.create_user("fuzz", "correct horse battery", role=Role.CLIENT, min_length=8)
        token = token_for(account)
    yield Target(app.test_client(), token)
    with app.app_context():
        db.engine.dispose()
