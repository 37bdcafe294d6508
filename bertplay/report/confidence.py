"""How sure a model is, and how far that can be trusted."""

from __future__ import annotations

import numpy as np

from bertplay.calibration_figures import calibration_figures
from bertplay.metrics import CALIBRATION_BINS, expected_calibration_error
from bertplay.report.blocks import Figures, Prose, Section, Table
from bertplay.report.confidence_figures import (
    ReliabilityPoint,
    confidence_figure,
    reliability_figure,
)
from bertplay.report.lines import line_figure
from bertplay.report.predicted_rows import PredictedRows
from bertplay.report.svg import Drawing, drawing
from bertplay.report.wording import figure

_BARS = 20
_MOST_POINTS = 150


def confidence_section(rows: PredictedRows, anchor: str) -> Section:
    """Reliability, the confidence of right and wrong rows, and accuracy by coverage."""
    return Section(
        anchor,
        "How far its confidence can be trusted",
        (
            Prose(
                "The confidence is the probability of the predicted class. It can be trusted where "
                "of the rows with a confidence of 0.8, eight in ten are right."
            ),
            Figures(
                (_reliability(rows, anchor), _histogram(rows, anchor), _coverage(rows, anchor))
            ),
            _table(rows),
        ),
    )


def _table(rows: PredictedRows) -> Table:
    found = calibration_figures(rows.confidence, rows.predicted == rows.labels)
    lines = (
        ("expected calibration error", found.ece, "bins of equal width; 0 is perfect"),
        ("adaptive calibration error", found.adaptive_ece, "bins of equally many rows"),
        ("Brier score", found.brier, "mean squared distance of confidence from right or wrong"),
        ("reliability", found.reliability, "its part that is miscalibration; adds"),
        ("resolution", found.resolution, "that surer rows are right more often; takes away"),
        ("uncertainty", found.uncertainty, "what a constant confidence would have; adds"),
    )
    return Table(
        "Figures of the confidence",
        ("figure", "value", "what it is"),
        tuple((name, figure(value), what) for name, value, what in lines),
        words=frozenset({0, 2}),
    )


def reliability_points(rows: PredictedRows) -> list[ReliabilityPoint]:
    """The bins of the expected calibration error that have rows, from the least confident on."""
    edges = np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS
    bins = np.searchsorted(edges, rows.confidence, side="left")
    right = rows.predicted == rows.labels
    return [
        ReliabilityPoint(
            float(rows.confidence[bins == place].mean()),
            float(right[bins == place].mean()),
            int((bins == place).sum()),
        )
        for place in np.unique(bins)
    ]


def _reliability(rows: PredictedRows, anchor: str) -> Drawing:
    right = rows.predicted == rows.labels
    error = expected_calibration_error(rows.confidence, right)
    sure, accurate = float(rows.confidence.mean()), float(right.mean())
    verdict = "surer than it is right" if sure > accurate else "right more often than it is sure"
    return drawing(
        reliability_figure({"": reliability_points(rows)}),
        f"{anchor}-reliability",
        "Reliability diagram",
        f"On average the confidence is {sure:.3f} and {accurate:.3f} of the rows are right: the "
        f"model is {verdict}. The expected calibration error is {error:.3f}.",
        f"Calibration error {error:.3f}, over {CALIBRATION_BINS} bins. Below the dashed line the "
        "model is too sure, above it not sure enough; larger points hold more rows.",
    )


def _histogram(rows: PredictedRows, anchor: str) -> Drawing:
    lowest = 1 / len(rows.classes)
    edges = np.linspace(lowest, 1.0, _BARS + 1)
    right = rows.predicted == rows.labels
    counts = [np.histogram(rows.confidence[which], edges)[0] for which in (right, ~right)]
    means = [
        f"{rows.confidence[which].mean():.3f}" if which.any() else "not defined"
        for which in (right, ~right)
    ]
    return drawing(
        confidence_figure(edges.tolist(), *counts),
        f"{anchor}-histogram",
        "Confidence of right and wrong rows",
        f"The mean confidence is {means[0]} in {int(right.sum()):,} right rows and {means[1]} in "
        f"{int((~right).sum()):,} wrong ones.",
        "How many rows have which confidence, right ones upwards and wrong ones downwards.",
    )


def _coverage(rows: PredictedRows, anchor: str) -> Drawing:
    order = np.argsort(-rows.confidence, kind="stable")
    right = (rows.predicted == rows.labels)[order]
    kept = np.unique(np.linspace(1, len(right), min(_MOST_POINTS, len(right))).round().astype(int))
    accuracy = np.cumsum(right)[kept - 1] / kept
    coverage = kept / len(right)
    half = float(accuracy[np.searchsorted(coverage, 0.5)])
    picture, axes = line_figure(
        {"accuracy": (coverage.tolist(), accuracy.tolist())},
        x_label="share of the rows that are answered, surest first",
        y_label="share of them that is right",
        height=3.4,
    )
    axes.set_xlim(0, 1.01)
    return drawing(
        picture,
        f"{anchor}-coverage",
        "Accuracy by coverage",
        f"Answering every row, {float(right.mean()):.3f} are right; answering the surer half, "
        f"{half:.3f}.",
        f"What leaving out the least sure rows would bring: of the surer half, {half:.1%} are "
        "right.",
    )
