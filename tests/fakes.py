"""A model of three lines."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fcv_api.domain.prediction import ModelIdentity, State
from fcv_api.domain.window import Matrix, WindowSpec


@dataclass
class FakeModel:
    """Answers what it is told to, and remembers what it was asked."""

    outputs: tuple[float, ...] = (0.1, 0.2, 0.6, 0.1)
    classes: tuple[State, ...] = tuple(State)
    spec: WindowSpec = field(default_factory=WindowSpec)
    identity: ModelIdentity = field(default_factory=lambda: ModelIdentity("fake", "1", "0" * 64))
    asked: list[Matrix] = field(default_factory=list)

    def score(self, scaled: Matrix) -> Matrix:
        """Give the outputs."""
        self.asked.append(scaled)
        return np.array(self.outputs)
