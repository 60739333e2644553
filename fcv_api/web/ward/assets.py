"""The pages' own files: style sheet, script, pictures. Nothing comes from another host."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import send_from_directory, url_for
from flask.wrappers import Response

from fcv_api.web.tokens import public
from fcv_api.web.ward import bp

FOLDER = Path(__file__).parent / "static"
KEPT = "public, max-age=300"
"""Five minutes: while hosts are upgraded, one may still answer a new address with an old file. As nginx says it."""


@lru_cache(64)
def version_of(name: str) -> str:
    """Return what a file's address ends with: another content is another address."""
    return sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Return the address of one of our files, with its version."""
    return url_for("ward.static", filename=name, v=version_of(name))


@bp.get("/ward/static/<path:filename>")
@public
def static(filename: str) -> Response:
    """Answer one of our files. nginx answers it itself."""
    response = send_from_directory(FOLDER, filename)
    response.headers["Cache-Control"] = KEPT
    return response
