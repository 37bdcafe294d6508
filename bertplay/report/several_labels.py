"""What predictions of any number of classes a row show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bertplay.diagnostics.several_labels import SeveralLabelDiagnosis, SeveralLabelRows
from bertplay.report.blocks import Figures, Prose, Quote, Quotes, Section, Span, Table
from bertplay.report.confidence_figures import confidence_figure, reliability_figure
from bertplay.report.hard_rows import SHOWN, cut
from bertplay.report.ranking import ranking_section
from bertplay.report.slices import slices_section
from bertplay.report.svg import Drawing, drawing
from bertplay.report.wording import figure


def sections_of_several_labels(
    found: SeveralLabelDiagnosis, number: int, chosen: Sequence[str] = ()
) -> tuple[Section, ...]:
    """Ranking, calibration, the hardest rows and groups of rows.

    Args:
        found: the figures.
        number: of the task, for anchors.
        chosen: classes whose thresholds are drawn; by default the rarest one.
    """
    return (
        *ranking_section(found.ranking, f"ranking-{number}", chosen),
        _calibration(found, f"confidence-{number}"),
        _hard_rows(found.rows, f"wrong-{number}"),
        *slices_section(found.slices, list(found.rows.columns), f"slices-{number}"),
    )


def _calibration(found: SeveralLabelDiagnosis, anchor: str) -> Section:
    of = found.calibration
    lines = (
        ("expected calibration error", of.ece, "bins of equal width; 0 is perfect"),
        ("adaptive calibration error", of.adaptive_ece, "bins of equally many answers"),
        ("Brier score", of.brier, "mean squared distance of a probability from no (0) or yes (1)"),
        ("reliability", of.reliability, "its part that is miscalibration; adds"),
        ("resolution", of.resolution, "that likelier classes are there more often; takes away"),
        ("uncertainty", of.uncertainty, "what one probability for all would have; adds"),
        ("within bins", of.within_bins, "that probabilities differ inside of bins; adds"),
    )
    table = Table(
        "Figures of the probabilities of all classes and rows",
        ("figure", "value", "what it is"),
        tuple((name, figure(value), what) for name, value, what in lines),
        words=frozenset({0, 2}),
    )
    return Section(
        anchor,
        "How far its probabilities can be trusted",
        (
            Prose(
                "They can be trusted where of the classes that get a probability of 0.2, two in "
                "ten are there."
            ),
            Figures((_reliability(found, anchor), _histogram(found, anchor))),
            table,
        ),
    )


def _reliability(found: SeveralLabelDiagnosis, anchor: str) -> Drawing:
    mean = float(found.rows.probabilities.mean())
    there = float(found.rows.targets.mean())
    return drawing(
        reliability_figure(
            {"": found.reliability}, x_label="probability", y_label="share that has the class"
        ),
        f"{anchor}-reliability",
        "Reliability diagram",
        f"On average a class has a probability of {mean:.3f} and {there:.3f} of the rows have it. "
        f"The expected calibration error is {found.calibration.ece:.3f}.",
        f"Calibration error {found.calibration.ece:.3f}. Below the dashed line probabilities are "
        "too high, above it too low; larger points hold more answers.",
    )


def _histogram(found: SeveralLabelDiagnosis, anchor: str) -> Drawing:
    of = found.histogram
    means = [
        "not defined" if mean is None else f"{mean:.3f}" for mean in (of.mean_right, of.mean_wrong)
    ]
    return drawing(
        confidence_figure(
            of.edges,
            of.right,
            of.wrong,
            names=("has it", "has it not"),
            x_label="probability",
            y_label="answers",
        ),
        f"{anchor}-histogram",
        "Probabilities of classes that are there and that are not",
        f"The mean probability is {means[0]} of {sum(of.right):,} classes that rows have and "
        f"{means[1]} of {sum(of.wrong):,} that they have not.",
        "How many classes of rows get which probability: those that are there upwards, others "
        "downwards. The fewer stand in the middle, the better they are told apart.",
    )


def _hard_rows(rows: SeveralLabelRows, anchor: str) -> Section:
    losses, wrong = rows.log_losses, (rows.answers != rows.targets).any(axis=1)
    hardest = np.flatnonzero(wrong)
    hardest = hardest[np.argsort(-losses[hardest], kind="stable")][:SHOWN]
    if not hardest.size:
        return Section(anchor, "Rows it gets wrong", (Prose("Every row is right."),))
    quotes = tuple(
        Quote(
            f"Row {rows.ids[row]}",
            (("label", _classes(rows, row)), ("predicted", _answer(rows, row))),
            (Span(cut(rows.texts[row])),),
        )
        for row in hardest.tolist()
    )
    return Section(
        anchor,
        "Rows it gets wrong",
        (
            Prose(
                f"{int(wrong.sum()):,} of {len(wrong):,} rows have a class too many or too few. "
                "Here are those whose truth was least likely."
            ),
            Quotes(quotes),
        ),
    )


def _classes(rows: SeveralLabelRows, row: int) -> str:
    names = [name for name, has in zip(rows.classes, rows.targets[row], strict=True) if has]
    return ", ".join(names) or "none"


def _answer(rows: SeveralLabelRows, row: int) -> str:
    said = [
        f"{name} ({share:.2f})"
        for name, share, answered in zip(
            rows.classes, rows.probabilities[row], rows.answers[row], strict=True
        )
        if answered
    ]
    return ", ".join(said) or "none"
