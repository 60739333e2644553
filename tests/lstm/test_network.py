"""A network: what it learns, that it learns it again, and that calibration ends up inside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from fcv_api.lstm.network import LAYERS, Examples, Network, Recipe, class_weights, fit

pytestmark = [
    pytest.mark.needs_train,
    pytest.mark.filterwarnings("ignore"),  # TensorFlow and Keras warn of themselves
]
RECIPE = Recipe(units=8, epochs=6, batch=32, rate=0.02)
PLAIN = replace(RECIPE, layer="dense", epochs=1)
"""What is true of every network is tried on the one that is built soonest."""


def examples(seed: int) -> Examples:
    """Give windows whose class is the sign that stands highest."""
    dice = np.random.default_rng(seed)
    labels = dice.integers(0, 4, 320)
    inputs = dice.normal(0, 0.3, (320, 20, 9))
    inputs[np.arange(320), :, labels] += 1
    return inputs.astype(np.float32), labels


def trained(recipe: Recipe = RECIPE) -> Network:
    return fit(examples(1), examples(2), recipe, lambda _done, _count: None)


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_learns_what_is_plain(layer: str) -> None:
    inputs, labels = examples(3)
    assert (trained(replace(RECIPE, layer=layer)).logits(inputs).argmax(axis=1) == labels).mean() > 0.9


def test_the_same_seed_gives_the_same_network_and_another_seed_another() -> None:
    inputs, _ = examples(3)
    first, again, other = (trained(replace(RECIPE, seed=seed, epochs=1)).logits(inputs) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_calibration_is_folded_into_what_the_network_answers() -> None:
    network, (inputs, _) = trained(PLAIN), examples(3)
    bias = np.array([0.5, -1.0, 0.3, 0.2])
    wanted = softmax(network.logits(inputs) / 2.5 + bias, axis=1)
    network.fold(2.5, bias)
    np.testing.assert_allclose(network.model.predict(inputs, verbose=0), wanted, atol=1e-5)


def test_progress_is_told_batch_by_batch() -> None:
    heard: list[tuple[int, int]] = []
    fit(examples(1), examples(2), replace(PLAIN, epochs=2), lambda done, count: heard.append((done, count)))
    assert heard == [(done, 20) for done in range(1, 21)]


def test_a_window_of_a_rare_class_weighs_more_and_an_absent_class_nothing() -> None:
    labels = np.array([0] * 80 + [1] * 5)
    weights = class_weights(labels)
    assert weights[1] == pytest.approx(weights[0] * 8)  # 16 ** 0.75
    assert weights[2:].tolist() == [0, 0]
    assert weights[labels].mean() == pytest.approx(1)
