"""Every page of the ward."""

from __future__ import annotations

from flask import Flask

from fcv_api.web.ward import assets, bed_page, bp, doors, frame, language, pages

MODULES = (assets, bed_page, doors, frame, language, pages)
"""What adds views and hooks to the blueprint when it is imported."""


def register(app: Flask) -> None:
    """Bind the pages to an app, where it has some."""
    if app.extensions["fcv"].ward.on:
        app.register_blueprint(bp)
