"""Every figure of a model's predictions on rows that have one class each, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.diagnostics.calibration_figures import CalibrationFigures, calibration_figures
from bertplay.diagnostics.class_figures import ClassFigures, class_figures
from bertplay.diagnostics.confidence import (
    ConfidenceHistogram,
    CoverageCurve,
    ReliabilityBin,
    confidence_histogram,
    coverage_curve,
    reliability_bins,
)
from bertplay.diagnostics.confident_learning import ConfidentLearning, confident_learning
from bertplay.diagnostics.loss_shares import LossShares, loss_shares
from bertplay.diagnostics.predicted_rows import PredictedRows, predicted_rows
from bertplay.diagnostics.ranking import RankingCurves, ranking_curves
from bertplay.diagnostics.slices import SliceFigures, slice_figures
from bertplay.metrics import Metrics, evaluate


@dataclass(frozen=True)
class TrainedLoss:
    """The loss that a model was trained with.

    Attributes:
        name: as of `bertplay.losses.get_loss`.
        arguments: its options.
        class_counts: class to its number of training rows.
        progress: from 0 to 1, where a loss that changes during training had come.
    """

    name: str
    arguments: Mapping[str, Any]
    class_counts: Mapping[str, int]
    progress: float = 1.0


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What a model does with N rows.

    Attributes:
        rows: the rows.
        metrics: accuracy, macro-F1, log loss and the like, and the confusion matrix.
        classes: figures of each class, with bootstrap intervals.
        calibration: expected and adaptive calibration error, Brier score and its parts.
        reliability: the bins of the reliability diagram.
        histogram: right and wrong rows by confidence.
        coverage: accuracy where only the surest rows are answered.
        ranking: ROC, precision-recall and thresholds, of each class that some rows are of and
            others are not.
        labels: which labels are doubted, and how often each class's is wrong.
        slices: groups of rows, the least accurate first.
        loss: where the loss looks; None where it is not known.
    """

    rows: PredictedRows
    metrics: Metrics
    classes: tuple[ClassFigures, ...]
    calibration: CalibrationFigures
    reliability: tuple[ReliabilityBin, ...]
    histogram: ConfidenceHistogram
    coverage: CoverageCurve
    ranking: tuple[RankingCurves, ...]
    labels: ConfidentLearning
    slices: tuple[SliceFigures, ...]
    loss: LossShares | None

    def as_dict(self) -> dict[str, Any]:
        """All figures, ready for `json.dumps`; doubted rows are named by their ids."""
        return {
            **self.metrics.as_dict(),
            "classes": [asdict(of) for of in self.classes],
            "calibration": asdict(self.calibration),
            "reliability": [asdict(of) for of in self.reliability],
            "histogram": asdict(self.histogram),
            "coverage": asdict(self.coverage),
            "ranking": [asdict(of) for of in self.ranking],
            "label_errors": _label_errors(self.rows, self.labels),
            "slices": [asdict(of) for of in self.slices],
            "loss_shares": None if self.loss is None else asdict(self.loss),
        }


def diagnose(
    targets: npt.ArrayLike,
    classes: Sequence[str],
    *,
    probabilities: npt.ArrayLike | None = None,
    logits: npt.ArrayLike | None = None,
    ids: Sequence[str] | None = None,
    texts: Sequence[str] | None = None,
    columns: Mapping[str, Sequence[object]] | None = None,
    loss: TrainedLoss | None = None,
) -> Diagnosis:
    """Every figure of predictions, of whatever model.

    Example:
        >>> found = diagnose([0, 1, 1], ["no", "yes"], logits=[[2, 0], [0, 2], [1, 0]])
        >>> round(found.metrics.accuracy, 2), found.classes[1].recall
        (0.67, 0.5)

    Args:
        targets: `[N]` integers, positions in `classes`.
        classes: C names.
        probabilities: `[N, C]`, rows that sum to 1; or logits in their place.
        logits: `[N, C]`, finite.
        ids: N row names; by default 1, 2, ...
        texts: N texts, whose lengths make groups of rows.
        columns: of the table by name, N cells each, that make groups of rows.
        loss: that the model was trained with.

    Raises:
        ValueError: something does not fit, see `predicted_rows` and `loss_shares`.
    """
    rows = predicted_rows(
        targets,
        classes,
        probabilities=probabilities,
        logits=logits,
        ids=ids,
        texts=texts,
        columns=columns,
    )
    return diagnose_rows(rows, loss)


def diagnose_rows(rows: PredictedRows, loss: TrainedLoss | None = None) -> Diagnosis:
    """The same of rows that were read already.

    Args:
        rows: with their predictions.
        loss: that the model was trained with.
    """
    p, labels, confidence = rows.probabilities, rows.labels, rows.confidence
    right = rows.predicted == labels
    metrics = evaluate(p, labels, rows.classes, rows.decided)
    counts = np.bincount(labels, minlength=len(rows.classes))
    shares = None
    if loss is not None:
        facts = {"name": loss.name, "arguments": loss.arguments}
        shares = loss_shares(p, labels, rows.classes, facts, loss.class_counts, loss.progress)
    return Diagnosis(
        rows=rows,
        metrics=metrics,
        classes=class_figures(metrics, p, labels, rows.classes),
        calibration=calibration_figures(confidence, right),
        reliability=reliability_bins(confidence, right),
        histogram=confidence_histogram(confidence, right, 1 / len(rows.classes)),
        coverage=coverage_curve(confidence, right),
        ranking=tuple(
            ranking_curves(name, labels == number, p[:, number])
            for number, name in enumerate(rows.classes)
            if 0 < counts[number] < len(labels)
        ),
        labels=confident_learning(p, labels),
        slices=slice_figures(right, rows.texts, rows.columns),
        loss=shares,
    )


def _label_errors(rows: PredictedRows, found: ConfidentLearning) -> dict[str, Any]:
    return {
        "thresholds": {
            name: float(threshold) if np.isfinite(threshold) else None
            for name, threshold in zip(rows.classes, found.thresholds, strict=True)
        },
        "wrong_share": dict(zip(rows.classes, found.wrong_share.tolist(), strict=True)),
        "confident_joint": found.joint.tolist(),
        "estimated_joint": found.estimated.tolist(),
        "doubted": [
            {
                "id": rows.ids[row],
                "label": rows.classes[rows.labels[row]],
                "suggested": rows.classes[found.suggested[row]],
                "margin": float(found.margin[row]),
            }
            for row in found.most_suspicious.tolist()
        ],
    }
