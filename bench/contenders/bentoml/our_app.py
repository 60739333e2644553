"""BentoML, with the model as a flatbuffer and the window code of this service."""

from __future__ import annotations

from typing import Any

import bentoml

from bench.contenders.common.model import LiteRt, answer
from bench.contenders.common.our_window import scaled_window

PATIENCE = 600
"""Seconds that a request may wait: BentoML's 60 could cut off what waits among 1,000."""


@bentoml.service(workers=2, traffic={"timeout": PATIENCE}, logging={"access": {"enabled": False}})
class Scorer:
    """One encounter a request."""

    def __init__(self) -> None:
        self.model = LiteRt()

    @bentoml.api
    def predict(self, columns: dict[str, Any], /) -> dict[str, Any]:
        """Give the probabilities of the four states. columns: the body, parsed by BentoML."""
        return answer(columns["idAtencion"], self.model.predict(scaled_window(columns)))
