"""Large answers go to their clients from a temporary file: a slow reader holds none of the process' memory."""

from __future__ import annotations

from tempfile import TemporaryFile

from flask import Flask, request
from flask.wrappers import Response
from werkzeug.wsgi import wrap_file

LARGE = 256 * 1024
"""Bytes; a batch of some hundred encounters. What is smaller fits into the buffers of nginx and the kernel."""


def register(app: Flask) -> None:
    """Look at each answer of an app."""
    app.after_request(_into_file)


def _into_file(response: Response) -> Response:
    """Move a large answer into a file, from which the kernel sends it. On a full disk it stays where it is."""
    length = (response.calculate_content_length() or 0) if response.is_sequence else 0
    if length < LARGE:
        return response
    try:
        file = TemporaryFile()  # noqa: SIM115 - the server closes it
        file.writelines(response.iter_encoded())
        file.seek(0)
    except OSError:
        return response
    response.response = wrap_file(request.environ, file)
    response.direct_passthrough = True
    response.content_length = length
    return response
