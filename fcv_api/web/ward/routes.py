"""Every page of the ward, and what is done to each answer of theirs."""

from __future__ import annotations

from flask import Flask

from fcv_api.web.ward import assets, bed_page, bp, doors, forms, marks, pages
from fcv_api.web.ward.frame import frame, restrict
from fcv_api.web.ward.language import keep_choice
from fcv_api.web.ward.problem_pages import as_page
from fcv_api.web.ward.renewal import renew

VIEWS = (assets, bed_page, doors, marks, pages)
"""What adds its views to the blueprint when it is imported."""
AFTER = (as_page, restrict, renew, keep_choice)
"""In this order: the page of a problem gets its headers, too."""

bp.context_processor(frame)
bp.before_request(forms.limit_body)
for hook in reversed(AFTER):  # Flask runs the last one first
    bp.after_request(hook)


def register(app: Flask) -> None:
    """Bind the pages to an app, where it has some."""
    if app.extensions["fcv"].ward.on:
        app.register_blueprint(bp)
