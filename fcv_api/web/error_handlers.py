"""Turn whatever was raised into a problem: nothing else ever answers, no HTML page and no traceback."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, request
from flask.wrappers import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, RequestEntityTooLarge

from fcv_api.accounts.throttle import TooManyAttempts
from fcv_api.directory import DirectoryBusy, DirectoryUnavailable
from fcv_api.web.problem_details import FACTS, problem_of
from fcv_api.web.problems import BY_STATUS, ProblemRaised, answer

log = logging.getLogger("fcv_api")


def register(app: Flask, *facts: type[Exception]) -> None:
    """Bind the handlers to an app. facts: of rooms that this one does not know, each with the code of its problem."""
    for fact in (*FACTS, *facts):
        app.register_error_handler(fact, problem_of)
    app.register_error_handler(ProblemRaised, lambda raised: answer(raised.slug, raised.detail))
    app.register_error_handler(TooManyAttempts, _wait)
    app.register_error_handler(DirectoryUnavailable, _wait)
    app.register_error_handler(DirectoryBusy, problem_of)  # as for too many passwords
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _database)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response:
    """Answer what Flask and Werkzeug raise. Their descriptions are static texts that hold nothing of a request."""
    if isinstance(error, InternalServerError):
        return _unexpected(error.original_exception or error)
    slug = BY_STATUS.get(error.code or 400, "bad-request")
    response = answer(slug, _detail(error))
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")
    )
    return response


def _wait(error: TooManyAttempts | DirectoryUnavailable) -> Response:
    response = answer(error.code, str(error))
    response.headers["Retry-After"] = str(error.seconds)
    return response


def _detail(error: HTTPException) -> str:
    if isinstance(error, RequestEntityTooLarge):
        return f"The body is larger than the {request.max_content_length} bytes that are read here."
    if isinstance(error, NotFound):
        return "Nothing is at this path. GET /docs shows what there is."
    return error.description or error.name


def _database(error: Exception) -> Response:
    """Answer that the database is away or locked: 503, whatever was asked, and never 401."""
    log.error("database: %s at %s", type(error).__name__, _where(error))
    return answer("database-unavailable", "The database did not answer in time.")


def _unexpected(error: BaseException) -> Response:
    """Answer an error of our own. Its message may quote a patient's data, so only its place is logged."""
    log.error("unexpected %s at %s", type(error).__name__, _where(error))
    return answer("internal-error", "The service failed on this request. The log names the place.")


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
