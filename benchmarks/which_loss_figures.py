"""The figures of one training of `which_loss.py`, from the probabilities in its run directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bertplay.calibration import fit_temperature
from bertplay.comparison.held_out import (
    cross_fitted_temperatures,
    rare_classes,
    read_predictions,
)
from bertplay.metrics import evaluate
from bertplay.prediction import softmax
from bertplay.run_directory import PREDICTIONS, TEST_PREDICTIONS


def figures_of(run: Path, class_counts: Mapping[str, int]) -> dict[str, Any]:
    """The figures on the test rows, or on the validation rows where there are no others.

    The temperature of test rows is fitted on the validation rows. Without test rows, that of each
    half of the validation rows is fitted on the other half; `temperature` is then their geometric
    mean.

    Args:
        run: the run directory.
        class_counts: class to its number of training rows.
    """
    validation = read_predictions(run / PREDICTIONS)
    if (run / TEST_PREDICTIONS).exists():
        rows = read_predictions(run / TEST_PREDICTIONS)
        temperature = fit_temperature(validation.log_probabilities, validation.labels)
        temperatures = np.full(len(rows.labels), temperature)
    else:
        rows = validation
        temperatures = cross_fitted_temperatures(rows)
    metrics = evaluate(softmax(rows.log_probabilities), rows.labels, rows.classes)
    tempered = softmax(rows.log_probabilities / temperatures[:, None])
    rare = [metrics.per_class[name] for name in rare_classes(class_counts)]
    return {
        "macro_f1": metrics.macro_f1,
        "rare_f1": float(np.mean([figures["f1"] for figures in rare])),
        "rare_recall": float(np.mean([figures["recall"] for figures in rare])),
        "accuracy": metrics.accuracy,
        "ece": metrics.ece,
        "tempered_ece": evaluate(tempered, rows.labels, rows.classes).ece,
        "temperature": float(np.exp(np.log(temperatures).mean())),
        "log_loss": metrics.log_loss,
        "per_class": metrics.per_class,
    }
