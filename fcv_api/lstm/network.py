"""Train a Keras network on scaled windows, and write calibration into its last layer.

TensorFlow is imported here, inside functions, as everywhere in this room: it must stay out of serving.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fcv_api.domain.prediction import State
from fcv_api.domain.window import Matrix
from fcv_api.lstm.import_process import TrainExtraMissing
from fcv_api.lstm.runtime import standard_error_closed

LAYERS = ("lstm", "gru", "conv", "dense")
ACTIVATIONS = ("relu", "tanh")
CLASS_COUNT = len(State)
CLIP = 1.0
"""Largest norm of a gradient: an LSTM with relu has no bound of its own, and one bad batch would end the training."""
MEAN_OVER = 2
"""Epochs over which the weights' running mean looks back."""
RARITY = 0.75
"""1 would count each class alike, 0 each window; on simulated patients this ranked best (docs/model.md)."""
AT_ONCE = 4096
"""Windows that are scored together: memory, not results, depends on it."""

Examples = tuple[NDArray[np.float32], NDArray[np.intp]]
"""Scaled windows, (n, instants, 9), and labels, (n,): indices of the classes."""
Heard = Callable[[int, int], None]
"""Is called with how many batches are done, and how many there are at most."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is built and trained. The defaults are the thesis' architecture: LSTM 50 relu, Dense 4 softmax.

    rate: Adam's step size. patience: epochs without a better validation loss after which training ends.
    noise: deviation of what is added to each scaled value in training, so that no patient is learnt by heart.
    """

    layer: str = "lstm"
    units: int = 50
    activation: str = "relu"
    epochs: int = 20
    batch: int = 512
    rate: float = 0.003
    patience: int = 4
    noise: float = 0.1
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A trained network. losses: the validation loss after each epoch, rare classes counted more."""

    model: Any = field(repr=False)
    losses: tuple[float, ...] = ()

    def logits(self, inputs: NDArray[np.float32]) -> Matrix:
        """Return what the last layer's softmax is taken of, (n, 4), for scaled windows, (n, instants, 9)."""
        keras = _keras()
        body = keras.Model(self.model.inputs, self.model.layers[-1].input)
        kernel, bias = (each.astype(np.float64) for each in self.model.layers[-1].get_weights())
        features = body.predict(inputs, batch_size=AT_ONCE, verbose=0).astype(np.float64)
        logits: Matrix = features @ kernel + bias
        return logits

    def fold(self, temperature: float, bias: Matrix) -> None:
        """Let the network answer softmax(logits / temperature + bias) from now on. bias: (4,)."""
        last = self.model.layers[-1]
        kernel, own = last.get_weights()
        last.set_weights([kernel / temperature, own / temperature + bias])

    def save(self, path: Path) -> None:
        """Write a `.keras` file."""
        self.model.save(path)


def fit(train: Examples, validation: Examples, recipe: Recipe, heard: Heard) -> Network:
    """Train a network. The same examples and recipe give the same weights on the same machine.

    Rare classes count more (`class_weights`) in the loss and in what ends the training early. Raises
    TrainExtraMissing where TensorFlow is not installed.
    """
    keras = _keras()
    _repeat(keras, recipe.seed)
    model = _build(keras, train[0].shape[1:], recipe)
    batches = -(-len(train[1]) // recipe.batch)
    model.compile(optimizer=_optimizer(keras, recipe.rate, batches), loss="sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)  # in its first step it would let TensorFlow trace the step twice
    weights = class_weights(train[1])
    history = model.fit(
        *train,
        sample_weight=weights[train[1]],
        validation_data=(*validation, weights[validation[1]]),
        validation_batch_size=AT_ONCE,
        batch_size=recipe.batch,
        epochs=recipe.epochs,
        callbacks=_callbacks(keras, recipe, heard, batches),
        verbose=0,
    )
    return Network(model, tuple(float(loss) for loss in history.history["val_loss"]))


def class_weights(labels: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the weight of each class, (4,): more to a rarer one, 1 to the mean window, 0 to an absent class."""
    counts = np.bincount(labels, minlength=CLASS_COUNT)
    present = counts > 0
    weights = np.zeros(CLASS_COUNT)
    weights[present] = (1 / counts[present]) ** RARITY
    return (weights * len(labels) / (weights @ counts)).astype(np.float32)


def _optimizer(keras: Any, rate: float, batches: int) -> Any:  # noqa: ANN401
    """Return Adam that also keeps a running mean of the weights: on rare classes single steps are noise."""
    return keras.optimizers.Adam(rate, clipnorm=CLIP, use_ema=True, ema_momentum=1 - 1 / (1 + MEAN_OVER * batches))


def _keras() -> Any:  # noqa: ANN401 - Keras ships no types
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    try:
        with standard_error_closed():
            import keras  # TensorFlow stays out of serving
    except ImportError as error:
        raise TrainExtraMissing(error.name or "tensorflow") from None
    return keras


def _repeat(keras: Any, seed: int) -> None:  # noqa: ANN401
    """Make what follows come out the same again: random numbers, and the order of sums between threads."""
    import tensorflow as tf  # TensorFlow stays out of serving

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def _build(keras: Any, shape: tuple[int, ...], recipe: Recipe) -> Any:  # noqa: ANN401
    layers = keras.layers
    match recipe.layer:
        case "lstm":
            body = [layers.LSTM(recipe.units, activation=recipe.activation)]
        case "gru":
            body = [layers.GRU(recipe.units, activation=recipe.activation)]
        case "conv":
            convolution = layers.Conv1D(recipe.units, 5, padding="same", activation=recipe.activation)
            body = [convolution, layers.GlobalAveragePooling1D()]
        case "dense":
            body = [layers.Flatten(), layers.Dense(recipe.units, activation=recipe.activation)]
        case other:
            raise ValueError(f"{other!r} is none of the layers {', '.join(LAYERS)}")
    last = layers.Dense(CLASS_COUNT, activation="softmax")
    return keras.Sequential([keras.Input(shape), layers.GaussianNoise(recipe.noise), *body, last])


def _callbacks(keras: Any, recipe: Recipe, heard: Heard, batches: int) -> list[Any]:  # noqa: ANN401
    done = iter(range(1, batches * recipe.epochs + 1))

    def hear(_batch: int, logs: object = None) -> None:  # noqa: ARG001 - Keras passes it by this name
        heard(next(done), batches * recipe.epochs)

    return [
        keras.callbacks.SwapEMAWeights(swap_on_epoch=True),  # what is validated, kept and saved is the mean
        keras.callbacks.EarlyStopping("val_loss", patience=recipe.patience, restore_best_weights=True),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.LambdaCallback(on_train_batch_end=hear),
    ]
