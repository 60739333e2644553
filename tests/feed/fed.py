"""Stays with a whole window, and what scores them without a model."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from fakes import FakeModel
from memory import NOW

from fcv_api.domain.prediction import OFFLINE, ModelIdentity, Scorer
from fcv_api.feed import store
from fcv_api.feed.store import Arrival
from fcv_api.feed.turns import Feed
from fcv_api.wire.example import example_request
from fcv_api.wire.observations import ObservationsSchema


class OneModel:
    """Has one model, whatever is asked for."""

    model = FakeModel()

    def active(self) -> Scorer:
        """Return it."""
        return self.model

    def at(self, model: ModelIdentity) -> Scorer:
        """Return it."""
        assert model
        return self.model

    def __getattr__(self, name: str) -> Any:
        """Fail for whatever a turn does not need."""
        raise AssertionError(name)


FEED = Feed(OneModel(), 7, "fake", OFFLINE)


def fill(*encounters: int) -> None:
    """Store a whole window of some encounters, which ends now."""
    request = example_request()
    times = {row: f"{time}Z" for row, time in request["fecRegistro"].items()}
    for encounter in encounters:
        body = request | {"idAtencion": dict.fromkeys(times, encounter), "fecRegistro": times}
        store.store(ObservationsSchema().load(body).observations(UTC).posted, Arrival("api:ana", NOW, NOW, 12))
