"""How sure a model is, and how far that can be trusted."""

from __future__ import annotations

from bertplay.diagnostics.confidence import ConfidenceHistogram, CoverageCurve, ReliabilityBin
from bertplay.diagnostics.diagnosis import Diagnosis
from bertplay.metrics import CALIBRATION_BINS, Metrics
from bertplay.report.blocks import Figures, Prose, Section, Table
from bertplay.report.confidence_figures import confidence_figure, reliability_figure
from bertplay.report.lines import line_figure
from bertplay.report.svg import Drawing, drawing
from bertplay.report.wording import figure


def confidence_section(found: Diagnosis, anchor: str) -> Section:
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
                (
                    _reliability(found.metrics, found.reliability, anchor),
                    _histogram(found.histogram, anchor),
                    _coverage(found.coverage, anchor),
                )
            ),
            _table(found),
        ),
    )


def _table(found: Diagnosis) -> Table:
    of, area = found.calibration, found.coverage.risk_area
    lines = (
        ("expected calibration error", of.ece, "bins of equal width; 0 is perfect"),
        ("adaptive calibration error", of.adaptive_ece, "bins of equally many rows"),
        ("Brier score", of.brier, "mean squared distance of confidence from right or wrong"),
        ("reliability", of.reliability, "its part that is miscalibration; adds"),
        ("resolution", of.resolution, "that surer rows are right more often; takes away"),
        ("uncertainty", of.uncertainty, "what a constant confidence would have; adds"),
        ("within bins", of.within_bins, "that confidence differs inside of bins; adds"),
        ("area under error and coverage", area, "mean error of the surest rows; 0 is perfect"),
    )
    return Table(
        "Figures of the confidence",
        ("figure", "value", "what it is"),
        tuple((name, figure(value), what) for name, value, what in lines),
        words=frozenset({0, 2}),
    )


def _reliability(metrics: Metrics, bins: tuple[ReliabilityBin, ...], anchor: str) -> Drawing:
    error, sure, accurate = metrics.ece, metrics.mean_confidence, metrics.accuracy
    verdict = "surer than it is right" if sure > accurate else "right more often than it is sure"
    return drawing(
        reliability_figure({"": bins}),
        f"{anchor}-reliability",
        "Reliability diagram",
        f"On average the confidence is {sure:.3f} and {accurate:.3f} of the rows are right: the "
        f"model is {verdict}. The expected calibration error is {error:.3f}.",
        f"Calibration error {error:.3f}, over {CALIBRATION_BINS} bins. Below the dashed line the "
        "model is too sure, above it not sure enough; larger points hold more rows.",
    )


def _histogram(of: ConfidenceHistogram, anchor: str) -> Drawing:
    means = [
        "not defined" if mean is None else f"{mean:.3f}" for mean in (of.mean_right, of.mean_wrong)
    ]
    return drawing(
        confidence_figure(of.edges, of.right, of.wrong),
        f"{anchor}-histogram",
        "Confidence of right and wrong rows",
        f"The mean confidence is {means[0]} in {sum(of.right):,} right rows and {means[1]} in "
        f"{sum(of.wrong):,} wrong ones.",
        "How many rows have which confidence, right ones upwards and wrong ones downwards.",
    )


def _coverage(of: CoverageCurve, anchor: str) -> Drawing:
    half = of.accuracy_at(0.5)
    picture, axes = line_figure(
        {"accuracy": (of.coverage, of.accuracy)},
        x_label="share of the rows that are answered, surest first",
        y_label="share of them that is right",
        height=3.4,
    )
    axes.set_xlim(0, 1.01)
    return drawing(
        picture,
        f"{anchor}-coverage",
        "Accuracy by coverage",
        f"Answering every row, {of.accuracy[-1]:.3f} are right; answering the surer half, "
        f"{half:.3f}.",
        f"What leaving out the least sure rows would bring: of the surer half, {half:.1%} are "
        "right.",
    )
