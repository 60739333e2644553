"""The floor: a bare Flask view under the gunicorn of this service, which does nothing with the rows.

It checks the token and reads its account by the service's own decorator, parses the JSON with orjson, and answers a
constant: no validation, no window, no model, no record, no log's line.
"""

from __future__ import annotations

import orjson
from flask import Flask, Response, request

from fcv_api.app import database_app, token_config
from fcv_api.extensions import jwt
from fcv_api.settings import Settings
from fcv_api.web.tokens import authenticated
from fcv_api.wire.example import example_answer

settings = Settings.from_environment()
app: Flask = database_app(settings, serving=True)
app.config.update(token_config(settings))
jwt.init_app(app)
ANSWER = orjson.dumps(example_answer())


@app.post("/predict")
@authenticated()
def predict() -> Response:
    """Parse, and answer a constant."""
    orjson.loads(request.get_data(cache=False))
    return Response(ANSWER, mimetype="application/json")
