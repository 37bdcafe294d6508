"""Calibrations fitted on rows that the network was not trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bertplay.calibration import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, fit_temperature
from bertplay.decisions.calibrations import (
    Calibration,
    IsotonicCalibration,
    TemperatureScaling,
    Uncalibrated,
    VectorScaling,
)
from bertplay.decisions.labelled_logits import LabelledLogits

ALL_RIGHT = "every validation row is right, so that they do not tell how sure the model may be"
CHANCE = "the model is no better than chance on the validation rows"


def fit_calibration(method: str, rows: LabelledLogits) -> Calibration:
    """The calibration of a method that suits the rows best, in float64.

    Where every row is right, or the model is no better than chance, no temperature is best: the
    network's own probabilities stay, with the reason.

    Args:
        method: one of `bertplay.decisions.names.CALIBRATIONS`.
        rows: to fit on; what is measured on them flatters.

    Raises:
        ValueError: there is no such method, or isotonic is asked for other than two classes.
    """
    if method == "none":
        return Uncalibrated()
    if method == "vector":
        return fit_vector_scaling(rows)
    if method == "isotonic":
        return fit_isotonic(rows)
    if method != "temperature":
        raise ValueError(f"there is no calibration {method!r}")
    temperature = fit_temperature(rows.logits, rows.labels)
    if temperature == LOWEST_TEMPERATURE:
        return Uncalibrated(ALL_RIGHT)
    if temperature == HIGHEST_TEMPERATURE:
        return Uncalibrated(CHANCE)
    return TemperatureScaling(temperature)


def fit_vector_scaling(rows: LabelledLogits) -> VectorScaling:
    """The factors w and shifts b of each class at which `softmax(w * z + b)` fits best.

    `min_{v,b} (sum_i -log softmax(v * z_i / T + b)_{y_i} + (|v - 1|^2 + |b|^2) / 2) / N`, with T
    the best temperature and `w = v / T`. The second term is that of a standard normal prior around
    temperature scaling: it counts as much as a row or two, and makes the answer finite and unique
    where a class has no row, or all rows are right. The sum is convex; L-BFGS finds its minimum.

    Args:
        rows: to fit on.

    Reference:
        Guo et al., On Calibration of Modern Neural Networks, ICML 2017 (without the prior).
    """
    from scipy.optimize import minimize

    temperature = fit_temperature(rows.logits, rows.labels)
    if temperature in (LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE):
        temperature = 1.0
    z = rows.logits / temperature
    count, classes = z.shape
    answers = np.eye(classes)[rows.labels]
    start = np.concatenate([np.ones(classes), np.zeros(classes)])

    def objective(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scales, biases = np.split(parameters, 2)
        scores = scales * z + biases
        scores = scores - scores.max(axis=1, keepdims=True)
        log_shares = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        surplus = np.exp(log_shares) - answers
        distance = parameters - start
        loss = -log_shares[answers == 1].sum() + distance @ distance / 2
        slope = np.concatenate([(surplus * z).sum(axis=0), surplus.sum(axis=0)]) + distance
        return float(loss / count), slope / count

    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 10_000, "maxfun": 20_000, "ftol": 1e-15, "gtol": 1e-9},
    )
    scales, biases = np.split(found.x, 2)
    return VectorScaling(tuple((scales / temperature).tolist()), tuple(biases.tolist()))


def fit_isotonic(rows: LabelledLogits) -> IsotonicCalibration:
    """The rising function of `z_1 - z_0` nearest to the labels in squared distance.

    Its values are kept within `1 / (N + 2)` of 0 and 1, Laplace's rule of succession, as N rows
    prove no certainty. It has as many free values as it needs, so it takes some thousand rows.

    Args:
        rows: to fit on, of two classes.

    Raises:
        ValueError: there are not two classes.

    Reference:
        Zadrozny and Elkan, Transforming classifier scores into accurate multiclass probability
        estimates, KDD 2002; scikit-learn's `IsotonicRegression`.
    """
    from sklearn.isotonic import IsotonicRegression

    if len(rows.classes) != 2:
        raise ValueError(f"isotonic is for two classes, not {len(rows.classes)}")
    least = 1 / (len(rows) + 2)
    model = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
    model.fit(rows.logits[:, 1] - rows.logits[:, 0], rows.labels)
    return IsotonicCalibration(
        tuple(model.X_thresholds_.tolist()), tuple(model.y_thresholds_.tolist())
    )
