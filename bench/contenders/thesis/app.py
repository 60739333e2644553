"""The thesis' way: FastAPI, pandas, StandardScaler, and `model.predict` of Keras in the request.

Left out, in its favour: tokens, accounts, a log's line, and the progress bar that `predict` prints.
"""

from __future__ import annotations

from typing import Any

import tf_keras
from fastapi import FastAPI
from pydantic import BaseModel

from bench.contenders.common.model import KERAS_FILE, answer
from bench.contenders.common.pandas_window import scaled_window

app = FastAPI()
model = tf_keras.models.load_model(KERAS_FILE, compile=False)


class Encounter(BaseModel):
    """The columns of the body that are read."""

    idAtencion: int  # noqa: N815
    nomSigno: dict[str, str]  # noqa: N815
    valor: dict[str, float | None]
    fecRegistro: dict[str, str]  # noqa: N815


@app.post("/predict")
def predict(encounter: Encounter) -> dict[str, Any]:
    """Probabilities of the four states."""
    window = scaled_window(encounter.model_dump())
    return answer(encounter.idAtencion, model.predict(window[None], verbose=0)[0])
