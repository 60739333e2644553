"""Every route of the service."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from fcv_api.web import auth, batch, explanations, fhir, guide, health, observations, predict, predictions
from fcv_api.web.docs import docs_blueprint
from fcv_api.web.openapi import UNUSED, spec_plugins
from fcv_api.web.ward import routes as ward

BLUEPRINTS = (predict.bp, batch.bp, observations.bp, fhir.bp, predictions.bp, explanations.bp, auth.bp, health.bp)


def register(app: Flask) -> None:
    """Bind the routes to an app."""
    api = Api()
    api.init_app(app, spec_kwargs=spec_plugins())
    for name in UNUSED:
        api.spec.components.schemas.pop(name, None)
    api.DEFAULT_ERROR_RESPONSE_NAME = None  # every route documents its own
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(docs_blueprint())
    app.register_blueprint(guide.bp)
    ward.register(app)
