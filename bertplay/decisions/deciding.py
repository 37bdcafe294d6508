"""Decisions fitted on the validation rows of a run, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.data.errors import InputError
from bertplay.decisions.cross_fitting import cross_fitted
from bertplay.decisions.decisions import Decisions
from bertplay.decisions.fitting import fit_calibration
from bertplay.decisions.labelled_logits import LabelledLogits
from bertplay.decisions.names import CALIBRATIONS, DEFAULT_CALIBRATION
from bertplay.decisions.probability_figures import probability_figures
from bertplay.prediction import softmax


@dataclass(frozen=True)
class Asked:
    """What is to be fitted.

    Attributes:
        calibration: one of `bertplay.decisions.names.CALIBRATIONS`.
    """

    calibration: str


def asked_of(
    calibration: str | None, classes: Sequence[str], labels: NDArray[np.integer[Any]]
) -> Asked:
    """What is to be fitted on validation rows with these labels.

    Args:
        calibration: None for the default: temperature, where the rows allow to fit one.
        classes: C names.
        labels: `[N]`, positions in `classes`.

    Raises:
        InputError: it is named, and cannot be fitted on such rows.
    """
    known = np.unique(labels)
    if calibration is None:
        calibration = DEFAULT_CALIBRATION if len(known) > 1 else "none"
    if calibration not in CALIBRATIONS:
        raise InputError(f"calibration is {calibration!r}: choose one of {', '.join(CALIBRATIONS)}")
    if calibration == "isotonic" and len(classes) != 2:
        raise InputError(
            f"calibration isotonic is for two classes, and there are {len(classes)}: choose "
            "temperature or vector"
        )
    if calibration != "none" and len(known) < 2:
        raise InputError(
            f"calibration {calibration} needs validation rows of two classes, and all of them are "
            f"{classes[known[0]]!r}: validate on other rows, or give none"
        )
    return Asked(calibration)


def decide(rows: LabelledLogits, asked: Asked) -> Decisions | None:
    """What is asked for, fitted on the rows; None where nothing is."""
    if asked.calibration == "none":
        return None
    return Decisions(rows.classes, len(rows), fit_calibration(asked.calibration, rows))


def decision_facts(
    rows: LabelledLogits,
    asked: Asked,
    decisions: Decisions | None,
    test: LabelledLogits | None = None,
) -> dict[str, Any]:
    """What decisions are worth, as summary.json has it.

    Args:
        rows: the validation rows that they were fitted on.
        asked: what was to be fitted.
        decisions: that came of it.
        test: rows that nothing was fitted on, where there are some.

    Returns:
        `calibration`, with its parameters, `rows`, and the figures `before`, of the network's own
        probabilities. Where there are decisions, `after` has the figures of each validation row
        under the calibration of the rows of the other four fifths; those of the test rows are
        under `test`, `before` and `after` the calibration that is kept.
    """
    facts: dict[str, Any] = {
        "rows": len(rows),
        "calibration": {"method": "none"},
        "before": probability_figures(softmax(rows.logits), rows.labels).as_dict(),
    }
    if decisions is None:
        return facts
    calibrated = cross_fitted(
        rows,
        lambda others, logits: fit_calibration(asked.calibration, others).probabilities(logits),
    )
    facts["calibration"] = decisions.calibration.as_dict()
    facts["after"] = probability_figures(calibrated, rows.labels).as_dict()
    if test is not None:
        after = decisions.calibration.probabilities(test.logits)
        facts["test"] = {
            "before": probability_figures(softmax(test.logits), test.labels).as_dict(),
            "after": probability_figures(after, test.labels).as_dict(),
        }
    return facts
