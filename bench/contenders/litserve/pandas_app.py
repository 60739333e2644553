"""LitServe, with the model as a flatbuffer and the pandas pipeline that a user would write."""

from __future__ import annotations

import sys
from typing import Any

import litserve
from numpy.typing import NDArray

from bench.contenders.common.model import LiteRt, answer
from bench.contenders.common.pandas_window import scaled_window

PATIENCE = 600
"""Seconds that a request may wait: LitServe's 30 would cut off what waits among 1,000."""


class Scorer(litserve.LitAPI):
    """One encounter a request."""

    def setup(self, device: str) -> None:
        """Load the model, once a worker."""
        del device
        self.model = LiteRt()

    def predict(self, columns: dict[str, Any]) -> tuple[int, NDArray[Any]]:
        """Give the encounter and its four probabilities. columns: the body, parsed by LitServe."""
        return columns["idAtencion"], self.model.predict(scaled_window(columns))

    def encode_response(self, output: tuple[int, NDArray[Any]]) -> dict[str, Any]:
        """Answer as the thesis' service did."""
        return answer(*output)


if __name__ == "__main__":
    server = litserve.LitServer(Scorer(api_path="/predict"), accelerator="cpu", workers_per_device=2, timeout=PATIENCE)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=2,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
