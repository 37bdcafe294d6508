"""Every figure of predictions on rows that may have any number of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.diagnostics.calibration_figures import CalibrationFigures, calibration_figures
from bertplay.diagnostics.class_figures import ClassFigures, figures_of_answers
from bertplay.diagnostics.class_intervals import answer_intervals
from bertplay.diagnostics.confidence import (
    ConfidenceHistogram,
    ReliabilityBin,
    confidence_histogram,
    reliability_bins,
)
from bertplay.diagnostics.ranking import RankingCurves, ranking_curves
from bertplay.diagnostics.slices import SliceFigures, slice_figures
from bertplay.multi_task.metrics import MultiLabelMetrics, multi_label_metrics

ANSWERED_FROM = 0.5
"""A class is answered where its probability is above this."""


@dataclass(frozen=True, eq=False)
class SeveralLabelRows:
    """N rows of a table whose rows may have any number of classes.

    Attributes:
        ids: N row names.
        texts: N texts.
        targets: `[N, C]`, whether a row has a class.
        probabilities: `[N, C]`, of each class by itself.
        classes: C class names.
        columns: of the table by name, N cells each, to group the rows by.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    targets: npt.NDArray[np.bool_]
    probabilities: npt.NDArray[np.float64]
    classes: Sequence[str]
    columns: Mapping[str, Sequence[object]] = field(default_factory=dict)

    @property
    def answers(self) -> npt.NDArray[np.bool_]:
        """`[N, C]`, whether a class was answered."""
        answers: npt.NDArray[np.bool_] = self.probabilities > ANSWERED_FROM
        return answers

    @property
    def log_losses(self) -> npt.NDArray[np.float64]:
        """`[N]`, the sum over classes of `-log` of the probability of what is true, in nats."""
        of_truth = np.where(self.targets, self.probabilities, 1 - self.probabilities)
        losses: npt.NDArray[np.float64] = -np.log(np.maximum(of_truth, 1e-12)).sum(axis=1)
        return losses


@dataclass(frozen=True, eq=False)
class SeveralLabelDiagnosis:
    """What a model does with N rows; every answer is a yes or no to one class of one row.

    Attributes:
        rows: the rows.
        metrics: macro-F1, micro-F1 and the share of the rows that are all right.
        classes: figures of each class, with bootstrap intervals.
        calibration: of all answers: how far the probability of a class is from how often it is
            there; its `ece` is over bins of equal width.
        reliability: the bins of its diagram: mean probability, share that has the class, answers.
        histogram: answers by probability; "right" are those whose row has the class.
        ranking: ROC, precision-recall and thresholds, of each class that some rows have and others
            have not.
        slices: groups of rows, those first whose classes are least often all right.
    """

    rows: SeveralLabelRows
    metrics: MultiLabelMetrics
    classes: tuple[ClassFigures, ...]
    calibration: CalibrationFigures
    reliability: tuple[ReliabilityBin, ...]
    histogram: ConfidenceHistogram
    ranking: tuple[RankingCurves, ...]
    slices: tuple[SliceFigures, ...]

    def as_dict(self) -> dict[str, Any]:
        """All figures, ready for `json.dumps`."""
        return {
            **self.metrics.as_dict(),
            "classes": [asdict(of) for of in self.classes],
            "calibration": asdict(self.calibration),
            "reliability": [asdict(of) for of in self.reliability],
            "histogram": asdict(self.histogram),
            "ranking": [asdict(of) for of in self.ranking],
            "slices": [asdict(of) for of in self.slices],
        }


def diagnose_several_labels(rows: SeveralLabelRows) -> SeveralLabelDiagnosis:
    """The figures of rows that may have any number of classes.

    Args:
        rows: at least one, with their predictions.
    """
    p, targets, answers = rows.probabilities, rows.targets, rows.answers
    metrics = multi_label_metrics(answers, targets, tuple(rows.classes))
    bounds = answer_intervals(answers, targets)
    all_p, all_targets = p.ravel(), targets.ravel()
    return SeveralLabelDiagnosis(
        rows=rows,
        metrics=metrics,
        classes=figures_of_answers(
            metrics.per_class, answers.sum(axis=0).tolist(), bounds, p, targets
        ),
        calibration=calibration_figures(all_p, all_targets),
        reliability=reliability_bins(all_p, all_targets),
        histogram=confidence_histogram(all_p, all_targets, 0.0),
        ranking=tuple(
            ranking_curves(name, targets[:, number], p[:, number])
            for number, name in enumerate(rows.classes)
            if 0 < targets[:, number].sum() < len(targets)
        ),
        slices=slice_figures((answers == targets).all(axis=1), rows.texts, rows.columns),
    )
