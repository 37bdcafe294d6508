"""What is to be fitted on validation rows, checked before anything is trained or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.data.errors import InputError
from bertplay.decisions.aim import NONE, Aim, aim_of, require_shares
from bertplay.decisions.costs import read_costs
from bertplay.decisions.names import CALIBRATIONS, DEFAULT_CALIBRATION


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be fitted.

    Attributes:
        calibration: one of `bertplay.decisions.names.CALIBRATIONS`.
        aim: what the decision rule is to be best at; None for the likeliest class.
        costs: `[C, C]`, row by true class, where the aim is a cost.
        target_accuracy: share of the answers that is to be right; 0 answers every row.
        coverage: share of each class's rows whose prediction set is to hold it; 0 for no sets.
    """

    calibration: str
    aim: Aim | None = None
    costs: NDArray[np.float64] | None = None
    target_accuracy: float = 0.0
    coverage: float = 0.0

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to fit."""
        return (
            self.calibration == "none"
            and self.aim is None
            and not self.target_accuracy
            and not self.coverage
        )

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON: the options that ask for it."""
        return {
            "calibration": self.calibration,
            "optimise": NONE if self.aim is None else self.aim.option,
            "target_accuracy": self.target_accuracy,
            "coverage": self.coverage,
        }


def asked_of(
    calibration: str | None,
    optimise: str | None,
    classes: Sequence[str],
    labels: NDArray[np.integer[Any]],
    *,
    target_accuracy: float = 0.0,
    coverage: float = 0.0,
) -> Asked:
    """What is to be fitted on validation rows with these labels.

    Args:
        calibration: None for the default: temperature, where the rows allow to fit one.
        optimise: of the forms of `bertplay.decisions.aim`; None for the likeliest class.
        classes: C names.
        labels: `[N]`, positions in `classes`.
        target_accuracy: share of the answers that is to be right; 0 answers every row.
        coverage: share of each class's rows whose prediction set is to hold it; 0 for no sets.

    Raises:
        InputError: it cannot be fitted on such rows, or a file of costs cannot be used.
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
    optimise = optimise or NONE
    for name, value in (("calibration", calibration), ("optimise", optimise)):
        if value != "none" and len(known) < 2:
            raise InputError(
                f"{name} {value} needs validation rows of two classes, and all of them are "
                f"{classes[known[0]]!r}: validate on other rows, or leave it out"
            )
    require_shares(target_accuracy, coverage)
    for name, share in (("target_accuracy", target_accuracy), ("coverage", coverage)):
        if share and len(labels) < 2:
            raise InputError(
                f"{name} {share:g} needs validation rows, at least 2, and there is one: validate "
                "on more, or leave it out"
            )
    aim = aim_of(optimise)
    costs = None
    if aim is not None and aim.name == "cost":
        costs = read_costs(aim.file, classes)
    if aim is not None and aim.name == "recall@precision":
        aim = replace(aim, of_class=_class_of(aim, classes, labels))
    return Asked(calibration, aim, costs, float(target_accuracy), float(coverage))


def _class_of(aim: Aim, classes: Sequence[str], labels: NDArray[np.integer[Any]]) -> str:
    """Whose recall it is: the class that is named, or else the rarest that has rows."""
    counts = np.bincount(labels, minlength=len(classes))
    if aim.of_class is None:
        return classes[int(np.where(counts, counts, len(labels) + 1).argmin())]
    if aim.of_class not in classes:
        raise InputError(
            f"optimise {aim.text}: {aim.of_class!r} is no class; there are {', '.join(classes)}"
        )
    if not counts[classes.index(aim.of_class)]:
        raise InputError(
            f"optimise {aim.text}: no validation row is {aim.of_class!r}, so that "
            "there is no recall: validate on other rows"
        )
    return aim.of_class
