"""What schemathesis is told of this service: bodies that work, a token, and a log of what was answered.

schemathesis loads it (`SCHEMATHESIS_HOOKS`) into its own process, and calls it. From its environment: SCHEMA_LOG, the
file to write a line a call to, and SCHEMA_ACCOUNT, `name:password`; without one, no call carries a token.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from random import Random
from typing import Any

import requests as http
import schemathesis
from hypothesis import strategies as st
from requests import PreparedRequest
from requests.auth import AuthBase
from spoilt_requests import mixed, spoilt_requests
from strategies import requests

from fcv_api.domain.vitals import SIGN_NAMES
from fcv_api.web.requests import SAFE_ID
from fcv_api.web.retries import KEY

LOG, ACCOUNT = Path(os.environ["SCHEMA_LOG"]), os.environ.get("SCHEMA_ACCOUNT")
DICE = Random(7)


@st.composite
def batches(draw: st.DrawFn) -> dict[str, Any]:
    """Make a batch of one to three encounters, their rows mixed."""
    bodies = draw(st.lists(st.one_of(requests(), spoilt_requests()), min_size=1, max_size=3))
    return mixed(dict(enumerate(bodies, start=5501)), Random(draw(st.integers(0, 2**32 - 1))))


NAMED = {"$ref": "#/components/parameters/RequestId"}


@schemathesis.hook
def before_load_schema(_context: Any, raw_schema: dict[str, Any]) -> None:
    """Make CSV of text, and no `X-Request-ID`: any bytes and any name fit the schema, so no call is learnt from."""
    del raw_schema["components"]["schemas"]["CsvTable"]["format"]
    for item in raw_schema["paths"].values():
        for operation in (each for each in item.values() if "operationId" in each):
            operation["parameters"].remove(NAMED)


@schemathesis.serializer("text/csv")
def as_csv(_context: Any, value: Any) -> bytes:
    """Send a batch as a table with semicolons, as Spanish spreadsheets do, and text as it is."""
    if not isinstance(value, dict) or not isinstance(value.get("nomSigno"), dict):
        return str(value).encode("utf-8", "replace")
    columns = {name: column for name, column in value.items() if isinstance(column, dict)}
    text = io.StringIO()
    table = csv.writer(text, delimiter=";")
    table.writerow(columns)
    table.writerows([column.get(row) for column in columns.values()] for row in columns["nomSigno"])
    return text.getvalue().encode("utf-8", "replace")


BODIES: dict[str, st.SearchStrategy[Any]] = {
    "/predict": st.one_of(requests(), spoilt_requests()),
    "/predict/batch": batches(),
}
"""What the schema alone would never make: "20 instants" cannot be said in one."""


@schemathesis.hook
def before_generate_body(context: Any, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make also bodies that a window can be cut from. `as_csv` writes a batch where CSV is sent."""
    made = BODIES.get(context.operation.path)
    return strategy if made is None else st.one_of(strategy, made)


class OfItsOwn(AuthBase):
    """Come from an address of its own, as the trusted proxy tells it, for wrong passwords are counted by address."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Tell it on the way out: what schemathesis knows of the call stays as it was made up."""
        numbers = (str(DICE.randrange(256)) for _ in range(3))
        request.headers["X-Forwarded-For"] = ".".join(("10", *numbers))
        if SAFE_ID.fullmatch(_text(request.headers.get(KEY))):  # or most bodies would be refused for their key alone
            request.headers[KEY] = f"{DICE.getrandbits(64)}"
        return request


def _text(header: str | bytes | None) -> str:
    return header.decode("latin-1") if isinstance(header, bytes) else header or ""


@schemathesis.hook("before_call")
def of_its_own(_context: Any, _case: Any, kwargs: dict[str, Any]) -> None:
    """Give the call an address of its own, and a key."""
    kwargs["auth"] = OfItsOwn()


@schemathesis.hook("after_call")
def write_down(_context: Any, case: Any, response: Any) -> None:
    """Write the phase, the kind of body, the status and the route."""
    phase = case.meta.phase.name.value if case.meta else "probe"
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"{phase} {case.media_type or '-'} {response.status_code} {case.method} {case.path}\n")


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Let pass what no schema can say, and nothing else."""
    match type(failure).__name__, case.path:
        case "RejectedPositiveData", "/predictions":
            return not _is_opaque_or_far(response)
        case "AcceptedNegativeData", "/predict" | "/predict/batch":
            return not _is_read_by_nobody(case) and not _failed_alone(response)
    return True


def _is_opaque_or_far(response: Any) -> bool:
    """Whether only a made-up `cursor`, which is opaque, or a year that no database holds was refused."""
    if response.status_code != 422:
        return False
    cells = response.json()["errors"]
    return all(cell["column"] == "cursor" or cell["reason"].startswith("must lie in the years") for cell in cells)


def _failed_alone(response: Any) -> bool:
    """Whether an encounter of a batch was refused, and the others were not."""
    return bool(response.json().get("failed"))


def _is_read_by_nobody(case: Any) -> bool:
    """Whether a body fits its schema but for rows of none of the nine signs: what is in them is never looked at."""
    if not isinstance(case.body, dict) or not isinstance(case.body.get("nomSigno"), dict):
        return False
    read = {row for row, name in case.body["nomSigno"].items() if name in SIGN_NAMES}
    columns = {name: cells for name, cells in case.body.items() if isinstance(cells, dict)}
    body = case.body | {name: {row: cells[row] for row in cells if row in read} for name, cells in columns.items()}
    validators = (each.get_validator() for each in case.operation.body if each.media_type == case.media_type)
    return any(validator.is_valid(body) for validator in validators)


class Token:
    """Sign in: for each call that ends its token once more."""

    def get(self, case: Any, _context: Any) -> str:
        """Give a token."""
        name, password = (ACCOUNT or "").split(":")
        url = f"{case.operation.base_url}/auth/token"
        token: str = http.post(url, json={"username": name, "password": password}, timeout=30).json()["access_token"]
        return token

    def set(self, case: Any, data: str, _context: Any) -> None:
        """Send it."""
        case.headers["Authorization"] = f"Bearer {data}"


if ACCOUNT:
    schemathesis.auth(refresh_interval=None).apply_to(path="/auth/logout")(Token)
    schemathesis.auth(refresh_interval=3600).skip_for(path=["/auth/logout", "/auth/token"])(Token)
