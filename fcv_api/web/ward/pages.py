"""The ward, all beds."""

from __future__ import annotations

from flask import render_template

from fcv_api.web.ward import bp
from fcv_api.web.ward.session import signed_in


@bp.get("/ward")
@signed_in()
def ward() -> str:
    """Show all beds."""
    return render_template("ward/ward.html")
