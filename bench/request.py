"""Measure our own request beside `json.loads` of the same body, interleaved, in one process.

    make bench-parts

"rows to answer" is body bytes to answer bytes: parse, check, window, model, write. "whole request" adds Flask, the
token, the account's row and the log's line. Each figure is the median of all rounds, and its ratio to json.loads.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import orjson
from flask import Flask

from bench import bodies
from fcv_api import accounts, scoring
from fcv_api.access_log import open_log
from fcv_api.accounts import Role
from fcv_api.accounts.issued_tokens import token_for
from fcv_api.app import create_app
from fcv_api.cli.db import migrate_database
from fcv_api.settings import Settings
from fcv_api.wire.answer import PredictionSchema
from fcv_api.wire.json_body import read_encounter

ROUNDS = 400
BODIES = {"real (1,925 rows)": bodies.BODIES["real"], "minimal (180 rows)": bodies.BODIES["minimal"]}
Step = Callable[[bytes], object]


def main() -> None:
    """Print one table a body."""
    with tempfile.TemporaryDirectory() as folder:
        app, token = service(Path(folder))
        steps: dict[str, Step] = {
            "json.loads": json.loads,
            "orjson.loads": orjson.loads,
            "rows to answer": _rows_to_answer(app),
            "whole request": lambda body: post(app, token, "/predict", body),
        }
        print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {_processor()}, {ROUNDS} rounds")
        for name, body in BODIES.items():
            _print(f"{name}, {len(body) / 1000:.0f} kB", _measure(steps, body))


def service(folder: Path, **environment: str) -> tuple[Flask, str]:
    """Build the service as it is deployed, with its log in a file."""
    own = {"FCV_DATABASE_URL": f"sqlite:///{folder / 'bench.db'}", "FCV_LOG_DIR": str(folder), "FCV_TIMEZONE": "UTC"}
    os.environ |= own | environment
    settings = Settings.from_environment(dotenv=None)
    migrate_database(settings)
    open_log(settings.log_dir, settings.timezone)
    log = logging.getLogger("fcv_api")
    log.removeHandler(log.handlers[-1])  # standard output is where the table goes
    app = create_app(settings)
    with app.app_context():
        account = accounts.create_user("bench", "bench bench", role=Role.CLIENT, min_length=8)
        return app, token_for(account)


def _rows_to_answer(app: Flask) -> Step:
    service, answer = app.extensions["fcv"], PredictionSchema()

    def run(body: bytes) -> bytes:
        read = read_encounter(body).read(service.zone)
        return orjson.dumps(answer.dump(scoring.assess_read(read, service.models.active()).or_raise()))

    return run


def post(app: Flask, token: str, path: str, body: bytes) -> bytes:
    """Post JSON, and give the answer's body: the whole of a request without a server."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    statuses: list[str] = []
    content = b"".join(app(environ, lambda status, _headers: statuses.append(status)))  # type: ignore[arg-type]
    if statuses != ["200 OK"]:
        sys.exit(f"{statuses}: {content!r}")
    return content


def _measure(steps: dict[str, Step], body: bytes) -> dict[str, float]:
    """Run every step once a round, and give each one's median in milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start = perf_counter()
            step(body)
            taken[name].append((perf_counter() - start) * 1000)
    return {name: statistics.median(each) for name, each in taken.items()}


def _print(title: str, medians: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, median in medians.items():
        print(f"  {name:<16} {median:7.2f} ms   {median / medians['json.loads']:5.2f} x json.loads")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(named)} x {named[0]}"


if __name__ == "__main__":
    main()
