"""`/guide`: the guide as `make docs` built it. It says what docs/ says, and holds nobody's data: no token is asked."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory
from werkzeug.security import safe_join

from fcv_api.web.problems import ProblemRaised
from fcv_api.web.tokens import public

FOLDER = Path(__file__).parents[2] / "build" / "guide"
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Everything from this host. Tables align columns by `style`, and icons are `data:` URLs. As nginx says it."""
MISSING = "The guide was not built here. `make docs` builds it, in the folder of the checkout; then ask again."

bp = Blueprint("guide", __name__)


@bp.get("/guide")
@public
def without_slash() -> Response:
    """Lead to the first page, to which the links of that page are relative."""
    return _moved("/guide/")


@bp.get("/guide/", defaults={"path": ""})
@bp.get("/guide/<path:path>")
@public
def page(path: str) -> Response:
    """Return a page or another file of the guide."""
    if not (FOLDER / "index.html").is_file():
        raise ProblemRaised("not-found", MISSING)
    found = safe_join(str(FOLDER), path)
    if found and Path(found).is_dir():
        if path and not path.endswith("/"):
            return _moved(f"/guide/{path}/")
        path += "index.html"
    return send_from_directory(FOLDER, path)


def _moved(place: str) -> Response:
    return Response(status=308, headers={"Location": place})


@bp.after_request
def restrict(response: Response) -> Response:
    """Allow a page the files of this host, and no script that stands within it."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Frame-Options"] = "DENY"  # for browsers that do not read frame-ancestors
    return response
