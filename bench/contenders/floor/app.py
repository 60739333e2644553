"""The floor: a bare Flask view under the gunicorn of this service, which does nothing with the rows.

It is written as the documents of Flask-JWT-Extended and Flask-SQLAlchemy say: the token is checked and its account
loaded, the JSON is parsed with orjson, and a constant is answered. No validation, no window, no model, no record, no
log's line.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, request
from flask_jwt_extended import JWTManager, jwt_required

from fcv_api.accounts import User
from fcv_api.app import database_app, token_config
from fcv_api.extensions import db
from fcv_api.settings import Settings
from fcv_api.wire.example import example_answer

settings = Settings.from_environment()
app: Flask = database_app(settings, serving=True)
app.config.update(token_config(settings))
jwt = JWTManager(app)
ANSWER = orjson.dumps(example_answer())


@jwt.user_lookup_loader
def account(_header: dict[str, Any], claims: dict[str, Any]) -> User | None:
    """Load the account of a token, if it may still sign in."""
    found = db.session.get(User, claims["id"])
    return found if found and found.is_active else None


@app.post("/predict")
@jwt_required()
def predict() -> Response:
    """Parse, and answer a constant."""
    orjson.loads(request.get_data(cache=False))
    return Response(ANSWER, mimetype="application/json")
