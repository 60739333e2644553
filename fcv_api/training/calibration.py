"""Calibration: make a network's probabilities as frequent as they say.

Temperature scaling is that of Guo et al., "On Calibration of Modern Neural Networks" (2017). One bias per class goes
with it, because training with class weights shifts every class against its true share, which no temperature mends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from fcv_api.domain.window import Matrix
from fcv_api.lstm.import_request import CLASSES
from fcv_api.training.dataset import LabelledWindows

FEWEST_WINDOWS, FEWEST_PATIENTS = 50, 20
RIDGE = 1e-5
"""Holds the biases finite where a class has no window: too weak to move one that has some."""
WIDEST = np.log(20)  # a temperature from 1/20 to 20


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """probabilities = softmax(logits / temperature + bias). bias: (4,), of mean 0.

    before, after: mean negative log-likelihood of the windows it was fitted on.
    """

    temperature: float
    bias: Matrix
    before: float
    after: float

    def probabilities(self, logits: Matrix) -> Matrix:
        """Return calibrated probabilities, (n, 4), of logits, (n, 4)."""
        calibrated: Matrix = softmax(logits / self.temperature + self.bias, axis=1)
        return calibrated


def calibrate(logits: Matrix, labels: NDArray[np.intp], *, slope: bool = True) -> Calibration:
    """Fit one temperature and one bias per class by maximum likelihood. logits: (n, 4). labels: (n,).

    slope: without it the temperature stays 1, and only the biases are fitted.
    The likelihood is concave in (1 / temperature, bias), so there is one optimum and no start to choose.
    """
    start = np.concatenate([[1.0], np.zeros(logits.shape[1])])
    steepness = (np.exp(-WIDEST), np.exp(WIDEST)) if slope else (1.0, 1.0)
    bounds = [steepness, *[(None, None)] * logits.shape[1]]
    found = minimize(_loss, start, (logits, labels), "L-BFGS-B", jac=True, bounds=bounds)
    bias = found.x[1:] - found.x[1:].mean()  # softmax is blind to what all share
    before, after = _surprise(logits, labels), _surprise(logits * found.x[0] + bias, labels)
    return Calibration(float(1 / found.x[0]), bias, before, after)


def calibration_warnings(windows: LabelledWindows) -> list[str]:
    """Return a sentence for each state whose calibration rests on too little. windows: that it is fitted on.

    The limits are engineering judgement: a bias from fewer windows moves with each patient who is drawn.
    """
    warnings = []
    for place, state in enumerate(CLASSES):
        own = windows.patient[windows.label == place]
        if len(own) < FEWEST_WINDOWS or len(np.unique(own)) < FEWEST_PATIENTS:
            warnings.append(
                f"The calibration of {state.value} rests on {len(own)} windows of {len(np.unique(own))} patients; "
                f"under {FEWEST_WINDOWS} windows of {FEWEST_PATIENTS} patients its probability may be far off."
            )
    return warnings


def _surprise(logits: Matrix, labels: NDArray[np.intp]) -> float:
    return float(-log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean())


def _loss(parameters: Matrix, logits: Matrix, labels: NDArray[np.intp]) -> tuple[float, Matrix]:
    """Return the mean negative log-likelihood and its gradient at (1 / temperature, bias)."""
    slope, bias = parameters[0], parameters[1:]
    calibrated = logits * slope + bias
    error = softmax(calibrated, axis=1)
    error[np.arange(len(labels)), labels] -= 1
    gradient = np.concatenate([[(error * logits).sum(axis=1).mean()], error.mean(axis=0) + 2 * RIDGE * bias])
    return _surprise(calibrated, labels) + RIDGE * float(bias @ bias), gradient
