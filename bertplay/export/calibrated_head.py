"""A model's calibration within the weights of its last layer, where other programs apply it too."""

from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import numpy as np

from bertplay.classifier import Classifier
from bertplay.decisions.calibrations import TemperatureScaling, Uncalibrated, VectorScaling


def with_calibrated_head(classifier: Classifier) -> Classifier:
    """The classifier with a temperature or a vector scaling in its last layer.

    `w * (W x + c) + b = (w W) x + (w c + b)`, so that the softmax of the logits is calibrated, and
    nothing else has to know of it. An isotonic calibration is no linear map: it stays outside.
    Prediction sets go by the network's own probabilities, which are gone then, and are left out.

    Args:
        classifier: whose last layer is changed in place.
    """
    decisions = classifier.decisions
    if decisions is None:
        return classifier
    calibration, classes = decisions.calibration, len(classifier.classes)
    kept = replace(decisions, sets=None)
    if isinstance(calibration, TemperatureScaling):
        scales, biases = np.full(classes, 1 / calibration.temperature), np.zeros(classes)
    elif isinstance(calibration, VectorScaling):
        scales, biases = np.array(calibration.scales), np.array(calibration.biases)
    else:
        return replace(classifier, decisions=kept)
    output = classifier.model.head.output
    weight, bias = (np.array(a.astype(mx.float32)) for a in (output.weight, output.bias))
    output.weight = mx.array((weight * scales[:, None]).astype(np.float32))
    output.bias = mx.array((bias * scales + biases).astype(np.float32))
    return replace(classifier, decisions=replace(kept, calibration=Uncalibrated()))
