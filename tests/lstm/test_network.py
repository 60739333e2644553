"""A network: what it learns, that it learns it again, and that calibration ends up inside it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import softmax

from fcv_api.lstm.network import LAYERS, Examples, Network, Recipe, class_weights, fit

pytestmark = [
    pytest.mark.needs_train,
    pytest.mark.filterwarnings("ignore"),  # TensorFlow and Keras warn of themselves
]
RECIPE = Recipe(units=8, epochs=4, batch=32, rate=0.02)
PLAIN = replace(RECIPE, layer="dense")
"""What is true of every network is tried on the one that is built soonest."""


def examples(seed: int) -> Examples:
    """Give windows whose class is the sign that stands highest."""
    dice = np.random.default_rng(seed)
    labels = dice.integers(0, 4, 320)
    inputs = dice.normal(0, 0.3, (320, 20, 9))
    inputs[np.arange(320), :, labels] += 1
    return inputs.astype(np.float32), labels


Told = list[tuple[int, int]]


def fitted(recipe: Recipe) -> tuple[Network, Told]:
    """Give a network, and what was told while it learnt."""
    told: Told = []
    return fit(examples(1), examples(2), recipe, lambda done, count: told.append((done, count))), told


trained = cache(fitted)
"""TensorFlow takes seconds to build what trains: a network is trained once, and no test changes it."""


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_learns_what_is_plain(layer: str) -> None:
    (network, _), (inputs, labels) = trained(replace(RECIPE, layer=layer)), examples(3)
    assert (network.logits(inputs).argmax(axis=1) == labels).mean() > 0.9


def test_the_same_seed_gives_the_same_network() -> None:
    (first, _), (again, _), (inputs, _) = trained(RECIPE), fitted(RECIPE), examples(3)
    np.testing.assert_array_equal(first.logits(inputs), again.logits(inputs))


def test_another_seed_gives_another_network() -> None:
    (first, _), (other, _), (inputs, _) = trained(PLAIN), fitted(replace(PLAIN, seed=6)), examples(3)
    assert not np.allclose(first.logits(inputs), other.logits(inputs))


def test_calibration_is_folded_into_what_the_network_answers() -> None:
    import keras

    (learnt, _), (inputs, _) = trained(PLAIN), examples(3)
    network = Network(keras.models.clone_model(learnt.model))
    network.model.set_weights(learnt.model.get_weights())
    bias = np.array([0.5, -1.0, 0.3, 0.2])
    wanted = softmax(network.logits(inputs) / 2.5 + bias, axis=1)
    network.fold(2.5, bias)
    np.testing.assert_allclose(network.model.predict(inputs, verbose=0), wanted, atol=1e-5)


def test_progress_is_told_batch_by_batch() -> None:
    _, told = trained(PLAIN)
    assert told == [(done, 40) for done in range(1, 41)]


def test_a_window_of_a_rare_class_weighs_more_and_an_absent_class_nothing() -> None:
    labels = np.array([0] * 80 + [1] * 5)
    weights = class_weights(labels)
    assert weights[1] == pytest.approx(weights[0] * 8)  # 16 ** 0.75
    assert weights[2:].tolist() == [0, 0]
    assert weights[labels].mean() == pytest.approx(1)
