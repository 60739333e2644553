"""The doors: signing in and out in a browser."""

from __future__ import annotations

from flask import redirect, render_template, request
from flask.wrappers import Response

from fcv_api.web.tokens import public
from fcv_api.web.ward import bp
from fcv_api.web.ward.session import find_session, signed_in
from fcv_api.web.ward.ways import WARD, way_back


@bp.get("/sign-in")
@public
def sign_in() -> str:
    """Show the form: a person's, or with `?display` that of a display's token."""
    find_session()
    return render_template(
        "ward/sign_in.html", for_display="display" in request.args, way_back=way_back(request.args.get("next"))
    )


@bp.post("/sign-out")
@signed_in()
def sign_out() -> Response:
    """End the session's token."""
    return redirect(WARD, 303)  # type: ignore[return-value]
